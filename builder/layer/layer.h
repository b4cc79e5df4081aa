#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/database/installed.h"
#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "builder/layer/segments.h"
#include "builder/recipe/recipe.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

class LayerCache;

/// What a layer's tar depends on besides the rootfs.
struct LayerOptions {
  Compression compression;
  std::int64_t epoch = 0;    ///< seconds; the time of directories and generated files
  bool clamp_times = false;  ///< SOURCE_DATE_EPOCH is set: nothing is younger than epoch
  std::size_t threads = 1;   ///< never changes the bytes
};

/// The times of a layer's entries.
SegmentTimes segment_times(const LayerOptions& options);

/// Where a layer's blob lies.
enum class BlobPlace {
  elsewhere,  ///< in a file that is another's, or has no name
  cache,      ///< in a file of the cache: its octets may be shared, never written to
};

/// A written layer.
struct Layer {
  MappedFile blob;         ///< the compressed layer
  Sha256Digest digest;     ///< of the blob
  Sha256Digest diff_id;    ///< of the tar inside
  std::uint64_t size = 0;  ///< octets of the blob
  std::uint64_t tar_size = 0;
  std::string media_type;
  BlobPlace place = BlobPlace::elsewhere;
  std::optional<Sha256Digest> cache_key{};  ///< under which the cache has it
};

/// Writes the rootfs as one layer: segments (directories; each package's files in install order;
/// generated files) as pax tar, compressed and joined into one stream (DESIGN: layers). The octets
/// are a function of rootfs and options; what the cache knows is not made again.
Layer write_layer(const Rootfs& rootfs, const LayerOptions& options, LayerCache& cache,
                  const std::stop_token& stop);

/// Writes a part of a rootfs, which lies above the layers that have the rest. Owners are named as
/// the whole has it. As write_layer in all else.
Layer write_layer_above(const Rootfs& part, const Rootfs& whole, const LayerOptions& options,
                        LayerCache& cache, const std::stop_token& stop);

/// Writes the rootfs as several layers, from the lowest up: one for each group of packages
/// (group_packages with `budget`), then one with all else; as split_rootfs parts it. `packages` are
/// those installed: Owner{n} is the n-th. Files get the times and names that they have in a single
/// layer.
std::vector<Layer> write_layers(const Rootfs& rootfs,
                                std::span<const apk::InstalledPackage> packages, std::size_t budget,
                                const LayerOptions& options, LayerCache& cache,
                                const std::stop_token& stop);

}  // namespace tarn::builder
