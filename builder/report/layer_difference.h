#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "builder/layer/layer.h"
#include "builder/report/image_difference.h"

namespace tarn::builder {

/// What is not the same in the layers of two images, down to the octet.
struct LayerDifference {
  /// Records of the tars by path, whatever they are: type, mode, owner and its names, size,
  /// content, time, link, device, extended attributes, layer. A path that stands several times is
  /// "PATH (record 2)" from its second on. `package` is empty.
  std::vector<FileDifference> records;
  /// What the records do not show, as lines: their order, how headers are written, how the tar is
  /// compressed, media types.
  std::vector<std::string> forms;

  bool empty() const { return records.empty() && forms.empty(); }
};

/// Compares layers record by record. Throws Error (failed) for one that is damaged.
LayerDifference compare_layers(std::span<const Layer> before, std::span<const Layer> after,
                               const std::stop_token& stop);

}  // namespace tarn::builder
