#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "apk/support/bytes.h"
#include "apk/support/hash.h"
#include "builder/registry/session.h"

namespace tarn::builder {

/// A blob on its way to a registry; its bytes belong to the caller.
struct UploadSource {
  Sha256Digest digest;
  ByteView bytes;
};

struct UploadOptions {
  std::uint64_t chunk_size = 0;  ///< octets of one request; 0: the whole blob in one
  /// Octets that the registry has, or that are on their way. May be empty.
  std::function<void(std::uint64_t)> progress{};
};

/// Brings a blob into the session's repository (OCI distribution specification: pushing blobs).
/// In one request, or in chunks; after an interruption the registry is asked how far it came, and
/// the rest is sent. An upload that the registry has forgotten begins again. `location` is that of
/// an upload that was begun already (by a mount that was not granted).
/// Throws Error (network) after as many failures in a row, with no octet more brought there, as the
/// session's retries allow.
void upload_blob(RegistrySession& session, const UploadSource& source, const UploadOptions& options,
                 std::optional<Url> location = {});

}  // namespace tarn::builder
