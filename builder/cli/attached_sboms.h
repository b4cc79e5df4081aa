#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "apk/support/progress.h"
#include "builder/image_sbom.h"
#include "builder/registry/artifact.h"
#include "builder/registry/content.h"
#include "builder/registry/session.h"
#include "builder/sink/sink.h"

namespace tarn::builder {

/// Images as they lie in a registry: with the manifests that were pushed.
struct PushedImages {
  const Images& images;
  const PushContent& content;
  std::string name;
};

/// The SBOMs of the images and of their index, each as an artifact that belongs to what it
/// describes.
std::vector<Artifact> sbom_artifacts(const PushedImages& pushed, const SbomSettings& settings,
                                     Progress& progress, const std::stop_token& stop);

/// An SBOM in a registry.
struct AttachedSbom {
  std::string artifact_type;
  Sha256Digest manifest;
  Sha256Digest subject;
};

/// Pushes the artifacts. Throws Error (network).
std::vector<AttachedSbom> attach_sboms(RegistrySession& session,
                                       const std::vector<Artifact>& artifacts);

nlohmann::ordered_json attached_json(const std::vector<AttachedSbom>& sboms);

}  // namespace tarn::builder
