#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "apk/model/architecture.h"
#include "builder/layer/layer.h"
#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// A small blob (config, manifest, index) with its digest.
struct JsonBlob {
  std::string text;
  Sha256Digest digest;
  std::string media_type;
};

/// One image: config, manifest and layers (OCI image specification 1.0).
struct Image {
  apk::Architecture architecture;
  JsonBlob config;
  JsonBlob manifest;
  std::vector<Layer> layers;  ///< from the lowest up; usually one
};

/// What an image's config and manifest say beside what the recipe says.
struct ImageFacts {
  apk::Architecture architecture;
  std::int64_t created = 0;                        ///< seconds
  std::string user;                                ///< resolved run-as
  std::map<std::string, std::string> annotations;  ///< of the build, over the recipe's
  /// The image whose layers are the lowest: what its config says holds where the recipe says
  /// nothing else; but for the environment and the labels, as with apko. None: null.
  const Image* base = nullptr;
};

/// Config and manifest: functions of the recipe, the facts and the layers' digests.
Image make_image(const Recipe& recipe, const ImageFacts& facts, std::vector<Layer> layers);

/// The annotations of an image, its labels, and the annotations of an index: the recipe's, then
/// those made of it (source and revision of its vcs-url; created, in seconds), and over both the
/// build's.
std::map<std::string, std::string> make_annotations(
    const Recipe& recipe, std::int64_t created, const std::map<std::string, std::string>& of_build);

/// The OCI index over one or more images, sorted by platform.
JsonBlob make_image_index(const std::vector<Image>& images,
                          const std::map<std::string, std::string>& annotations);

}  // namespace tarn::builder
