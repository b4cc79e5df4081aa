#include "builder/cli/attached_sboms.h"

#include "builder/cli/sbom_options.h"
#include "builder/image/descriptors.h"

namespace tarn::builder {

std::vector<Artifact> sbom_artifacts(const PushedImages& pushed, const SbomSettings& settings,
                                     Progress& progress, const std::stop_token& stop) {
  Images images;
  images.tag = pushed.name;
  images.index = pushed.content.top;
  for (const Image* image : by_platform(pushed.images.images)) {
    images.images.push_back(*image);
    images.images.back().manifest = pushed.content.manifests.at(images.images.size() - 1);
  }
  std::vector<Artifact> artifacts;
  for (SbomDocument& document : describe_images(images, settings, progress, stop)) {
    const JsonBlob* subject = &images.index;
    for (const Image& image : images.images)
      if (image.architecture.apk == document.architecture) subject = &image.manifest;
    const std::string title = sbom_path("sbom", document).string();
    artifacts.push_back(make_artifact(*subject, std::move(document.file), title));
  }
  return artifacts;
}

}  // namespace tarn::builder
