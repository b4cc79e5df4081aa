#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/support/progress.h"
#include "builder/image/image.h"
#include "builder/sbom/document.h"
#include "builder/sbom/sbom.h"
#include "builder/sink/sink.h"

namespace tarn::builder {

/// The model of one image: a function of the image and the name alone, however it was made.
/// Contents of files lie in a file without a name in `scratch`. Throws Error (failed) for a layer
/// that is damaged or hostile, and for a damaged database.
Sbom describe_image(const Image& image, const std::string& name,
                    const std::filesystem::path& scratch, const std::stop_token& stop);

/// When there is a document about the index.
enum class IndexSbom { of_several, always, never };

struct SbomSettings {
  std::vector<SbomFormat> formats;
  IndexSbom index = IndexSbom::of_several;
  std::filesystem::path scratch;  ///< a folder for what has to lie in files
};

/// The documents of the images, which have the name Images::tag: for each image in order of
/// platform one in each format, then those of the index. What could not be taken over is noted.
std::vector<SbomDocument> describe_images(const Images& images, const SbomSettings& settings,
                                          Progress& progress, const std::stop_token& stop);

}  // namespace tarn::builder
