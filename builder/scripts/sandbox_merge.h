#pragma once

#include <cstdint>
#include <vector>

#include "apk/support/file.h"
#include "builder/rootfs/rootfs.h"
#include "builder/scripts/sandbox_listing.h"
#include "builder/scripts/sandbox_tree.h"

namespace tarn::builder {

/// Takes what a script has left over into the rootfs that `tree` was written from: entries that are
/// not in the listing are removed. `contents` is the file the listing's contents lie in; `now` is
/// the mtime of what has a time of the run. What is unchanged keeps its node. Throws Error (failed)
/// before anything was changed, or not at all.
void merge_listing(Rootfs& rootfs, const SandboxTree& tree, const std::vector<ListedEntry>& entries,
                   const FileDescriptor& contents, std::int64_t now);

}  // namespace tarn::builder
