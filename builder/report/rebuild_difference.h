#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "builder/image/image.h"
#include "builder/report/image_difference.h"
#include "builder/report/layer_difference.h"

namespace tarn::builder {

/// What is not the same in an image and in what its recipe gives, bit by bit: "before" is the
/// recipe's, "after" the image's.
struct RebuildDifference {
  LayerDifference layers;
  std::vector<ValueDifference> config;
  std::vector<ValueDifference> manifest;
  /// JSON with the same values in other octets: "config", "manifest".
  std::vector<std::string> rewritten;

  bool empty() const {
    return layers.empty() && config.empty() && manifest.empty() && rewritten.empty();
  }
};

/// Compares two images, each of whose blobs is known to have its digest. Images with the same
/// manifest are the same.
RebuildDifference compare_rebuilt(const Image& rebuilt, const Image& image,
                                  const std::stop_token& stop);

}  // namespace tarn::builder
