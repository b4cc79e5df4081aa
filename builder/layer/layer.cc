#include "builder/layer/layer.h"

#include <optional>

#include "apk/support/error.h"
#include "builder/layer/assembly.h"
#include "builder/layer/compressor.h"
#include "builder/layer/layer_parts.h"
#include "builder/layer/package_groups.h"
#include "builder/layer/segments.h"

namespace tarn::builder {
namespace {

Layer write_rootfs(const Rootfs& rootfs, const AccountNames& names, const SegmentTimes& times,
                   const LayerOptions& options, LayerCache& cache, const std::stop_token& stop) {
  const auto compressor = make_compressor(options.compression);
  return assemble_layer(make_segments(rootfs, names, times), *compressor, cache, options.threads,
                        stop);
}

}  // namespace

SegmentTimes segment_times(const LayerOptions& options) {
  return {options.epoch, options.clamp_times ? std::optional(options.epoch) : std::nullopt};
}

Layer write_layer(const Rootfs& rootfs, const LayerOptions& options, LayerCache& cache,
                  const std::stop_token& stop) {
  return with_context("writing the layer", [&] {
    return write_rootfs(rootfs, AccountNames(rootfs), segment_times(options), options, cache, stop);
  });
}

Layer write_layer_above(const Rootfs& part, const Rootfs& whole, const LayerOptions& options,
                        LayerCache& cache, const std::stop_token& stop) {
  return with_context("writing the layer", [&] {
    return write_rootfs(part, AccountNames(whole), segment_times(options), options, cache, stop);
  });
}

std::vector<Layer> write_layers(const Rootfs& rootfs,
                                std::span<const apk::InstalledPackage> packages, std::size_t budget,
                                const LayerOptions& options, LayerCache& cache,
                                const std::stop_token& stop) {
  return with_context("writing the layers", [&] {
    const AccountNames names(rootfs);
    const auto groups = group_packages(packages, budget);
    std::vector<Layer> layers;
    for (const LayerPart& part : split_rootfs(rootfs, packages, groups, options.epoch))
      layers.push_back(write_rootfs(part.rootfs, names, {part.epoch, segment_times(options).newest},
                                    options, cache, stop));
    return layers;
  });
}

}  // namespace tarn::builder
