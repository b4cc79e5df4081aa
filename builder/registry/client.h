#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apk/support/bytes.h"
#include "apk/support/hash.h"
#include "builder/image/image.h"
#include "builder/registry/session.h"

namespace tarn::builder {

/// Whether the repository has a blob.
bool has_blob(RegistrySession& session, const Sha256Digest& digest);

/// What came of asking a registry to take a blob from another of its repositories.
struct MountAnswer {
  bool mounted = false;
  std::optional<Url> upload;  ///< of an upload that was begun in its place
};
/// Asks for the blob to be taken from the repository `from` of the same registry. That it is not
/// granted, for whatever reason, is no error.
MountAnswer mount_blob(RegistrySession& session, const Sha256Digest& digest,
                       const std::string& from);
/// Gives an upload up that was begun. What comes of it does not matter.
void cancel_upload(RegistrySession& session, const Url& upload);

/// Stores a manifest or index under a tag or "sha256:…". Throws Error (network) when the registry
/// refuses it or names another digest. Gives the answer, for its headers.
HttpResponse put_manifest(RegistrySession& session, const JsonBlob& manifest,
                          const std::string& reference);

/// The media types of images and indexes, OCI's and docker's.
const std::vector<std::string>& manifest_types();

/// A manifest or index by tag or "sha256:…"; nothing when there is none. `accept` are the media
/// types that may come. Throws Error: network when the registry refuses, trust when the content is
/// not of the digest asked for.
std::optional<JsonBlob> get_manifest(RegistrySession& session, const std::string& reference,
                                     const std::vector<std::string>& accept = manifest_types());

/// A blob, octet by octet in order, each once; a broken answer is taken up where it broke off.
/// Throws Error: network when the registry does not give it, or more than `limit` octets; trust
/// when what came is not of this digest (`take` has seen it then).
void get_blob(RegistrySession& session, const Sha256Digest& digest, std::uint64_t limit,
              const std::function<void(ByteView)>& take);

}  // namespace tarn::builder
