#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "builder/sink/layer_tree.h"
#include "builder/sink/octet_sink.h"

namespace tarn::builder {

/// Writes the tree as a cpio archive in the "new ASCII" format (newc, magic 070701), which Linux
/// unpacks as its initramfs (Documentation/driver-api/early-userspace/buffer-format.rst). The names
/// of one file stand together, its content with the last of them. Inode numbers count from 1.
/// Gives what the format cannot hold (extended attributes), as lines for the person.
/// Throws Error (failed) for a file of 4 GiB or more.
std::vector<std::string> write_cpio(const LayerTree& tree, OctetSink& sink);

}  // namespace tarn::builder
