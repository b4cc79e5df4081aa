#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "builder/registry/blob_history.h"
#include "builder/registry/content.h"
#include "builder/registry/session.h"

namespace tarn::builder {

struct PushOptions {
  std::size_t jobs = 4;          ///< blobs on their way at a time
  std::uint64_t chunk_size = 0;  ///< as UploadOptions
};

/// What was done in one repository, in blobs and octets.
struct PushReport {
  std::size_t sent = 0;
  std::size_t mounted = 0;  ///< taken by the registry from another of its repositories
  std::size_t present = 0;
  std::uint64_t octets_sent = 0;
};

/// Brings the content into the session's repository: blobs that are not there, then the manifests,
/// then the index, at last its tags. When it fails no tag has changed, unless storing the tags
/// failed. Throws Error (network).
PushReport push(RegistrySession& session, const PushContent& content,
                const std::vector<std::string>& tags, BlobHistory& history,
                const PushOptions& options);

}  // namespace tarn::builder
