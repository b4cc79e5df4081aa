#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "apk/support/hash.h"
#include "builder/image/image.h"
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

/// An artifact of one file that belongs to a manifest or index; `title` is the file's name.
Artifact make_artifact(const JsonBlob& subject, JsonBlob file, const std::string& title);

/// An artifact in a registry.
struct AttachedArtifact {
  std::string artifact_type;
  Sha256Digest manifest;
  Sha256Digest subject;
};

/// Pushes the artifacts. Throws Error (network).
std::vector<AttachedArtifact> attach_artifacts(RegistrySession& session,
                                               const std::vector<Artifact>& artifacts);

nlohmann::ordered_json attached_json(const std::vector<AttachedArtifact>& artifacts);

}  // namespace tarn::builder
