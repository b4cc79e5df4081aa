#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>

#include "builder/layer/layer.h"
#include "builder/sink/layer_tree.h"
#include "builder/sink/octet_sink.h"

namespace tarn::builder {

/// Whether a rootfs as tar in that compression is the layer's own octets, which then are only
/// copied: one layer of the same codec, and no other level wanted.
bool is_layer_itself(std::span<const Layer> layers, const Compression& compression);

/// Writes the tree of the layers as one tar. That of a single layer is the layer's own tar, octet
/// by octet (its SHA-256 is the diff_id); of several it is written anew (write_tar). Throws Error.
void write_rootfs_tar(std::span<const Layer> layers, const Compression& compression,
                      std::int64_t created, std::size_t threads, OctetSink& sink,
                      const std::stop_token& stop);

/// The name a tar gives to the root.
inline constexpr const char* tar_root = ".";

/// Whether a tar has a record for the root itself, which the layers' have not.
enum class TarRoot { left_out, written };

/// Writes the tree as an uncompressed pax tar in the tree's order. Throws Error.
void write_tar(const LayerTree& tree, TarRoot root, OctetSink& sink);

}  // namespace tarn::builder
