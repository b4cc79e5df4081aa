#include "builder/cli/attached_sboms.h"

#include "builder/cli/sbom_options.h"
#include "builder/image/descriptors.h"
#include "builder/image/json.h"

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
    Artifact artifact;
    artifact.artifact_type = document.file.media_type;
    artifact.annotations["org.opencontainers.image.title"] = sbom_path("sbom", document).string();
    artifact.subject_type = subject->media_type;
    artifact.subject = subject->digest;
    artifact.subject_size = subject->text.size();
    artifact.files.push_back(std::move(document.file));
    artifacts.push_back(std::move(artifact));
  }
  return artifacts;
}

std::vector<AttachedSbom> attach_sboms(RegistrySession& session,
                                       const std::vector<Artifact>& artifacts) {
  std::vector<AttachedSbom> attached;
  for (const Artifact& artifact : artifacts)
    attached.push_back(
        {artifact.artifact_type, push_artifact(session, artifact).digest, artifact.subject});
  return attached;
}

nlohmann::ordered_json attached_json(const std::vector<AttachedSbom>& sboms) {
  auto list = nlohmann::ordered_json::array();
  for (const AttachedSbom& sbom : sboms)
    list.push_back({{"artifact_type", sbom.artifact_type},
                    {"manifest", digest_text(sbom.manifest)},
                    {"subject", digest_text(sbom.subject)}});
  return list;
}

}  // namespace tarn::builder
