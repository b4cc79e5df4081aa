#include "builder/report/rebuild_difference.h"

#include "builder/image/json.h"
#include "builder/report/json_difference.h"

namespace tarn::builder {
namespace {

void compare_texts(const JsonBlob& rebuilt, const JsonBlob& blob, const char* name,
                   std::vector<ValueDifference>& values, std::vector<std::string>& rewritten) {
  if (rebuilt.digest == blob.digest) return;
  const Json before = Json::parse(rebuilt.text);
  const Json after = Json::parse(blob.text);
  values = compare_json(before, after);
  if (rebuilt.media_type != blob.media_type)
    values.push_back({"media type", rebuilt.media_type, blob.media_type});
  // The same but for what follows from other blobs; and that is the same when all of these are.
  if (values.empty()) rewritten.emplace_back(name);
}

}  // namespace

RebuildDifference compare_rebuilt(const Image& rebuilt, const Image& image,
                                  const std::stop_token& stop) {
  RebuildDifference difference;
  if (rebuilt.manifest.digest == image.manifest.digest) return difference;
  difference.layers = compare_layers(rebuilt.layers, image.layers, stop);
  compare_texts(rebuilt.config, image.config, "config", difference.config, difference.rewritten);
  if (!difference.layers.empty() || !difference.config.empty()) difference.rewritten.clear();
  const bool is_explained = !difference.empty();
  compare_texts(rebuilt.manifest, image.manifest, "manifest", difference.manifest,
                difference.rewritten);
  if (is_explained) std::erase(difference.rewritten, "manifest");
  return difference;
}

}  // namespace tarn::builder
