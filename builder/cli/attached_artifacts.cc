#include "builder/cli/attached_artifacts.h"

#include <utility>

#include "builder/image/json.h"

namespace tarn::builder {

Artifact make_artifact(const JsonBlob& subject, JsonBlob file, const std::string& title) {
  Artifact artifact;
  artifact.artifact_type = file.media_type;
  artifact.annotations["org.opencontainers.image.title"] = title;
  artifact.subject_type = subject.media_type;
  artifact.subject = subject.digest;
  artifact.subject_size = subject.text.size();
  artifact.files.push_back(std::move(file));
  return artifact;
}

std::vector<AttachedArtifact> attach_artifacts(RegistrySession& session,
                                               const std::vector<Artifact>& artifacts) {
  std::vector<AttachedArtifact> attached;
  for (const Artifact& artifact : artifacts)
    attached.push_back(
        {artifact.artifact_type, push_artifact(session, artifact).digest, artifact.subject});
  return attached;
}

nlohmann::ordered_json attached_json(const std::vector<AttachedArtifact>& artifacts) {
  auto list = nlohmann::ordered_json::array();
  for (const AttachedArtifact& artifact : artifacts)
    list.push_back({{"artifact_type", artifact.artifact_type},
                    {"manifest", digest_text(artifact.manifest)},
                    {"subject", digest_text(artifact.subject)}});
  return list;
}

}  // namespace tarn::builder
