#pragma once

#include <map>
#include <string>
#include <vector>

#include "builder/image/image.h"
#include "builder/registry/session.h"

namespace tarn::builder {

/// Something that belongs to an image and is no image: an SBOM, say (OCI image specification 1.1:
/// a manifest with artifactType and subject).
struct Artifact {
  std::string artifact_type;                       ///< "application/spdx+json"
  std::vector<JsonBlob> files;                     ///< its content, each with its media type
  std::map<std::string, std::string> annotations;  ///< of the manifest, and where it is listed
  /// What it belongs to: a manifest or index of the same repository.
  std::string subject_type;
  Sha256Digest subject;
  std::uint64_t subject_size = 0;
};

/// The artifact's manifest: a function of the artifact.
JsonBlob artifact_manifest(const Artifact& artifact);

/// Pushes the artifact. Where the registry does not list referrers itself, the index under the
/// tag "sha256-<hex of the subject>" that stands in for it is read, extended and stored (OCI
/// distribution specification 1.1: referrers tag schema), again when another writer came between.
/// Gives the manifest. Throws Error (network).
JsonBlob push_artifact(RegistrySession& session, const Artifact& artifact);

/// The tag under which referrers of `subject` are listed without the API.
std::string referrers_tag(const Sha256Digest& subject);

}  // namespace tarn::builder
