#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "apk/model/architecture.h"
#include "apk/support/hash.h"
#include "builder/registry/image_source.h"

namespace tarn::builder {

/// A blob that is not what refers to it says.
struct BlobFault {
  std::string blob;  ///< "layer 1 of linux/amd64, sha256:…"
  std::string message;
  std::vector<std::pair<std::string, std::string>> details{};  ///< "expected", "found"
};

/// What came of reading all blobs of an image.
struct BlobCheck {
  std::size_t blobs = 0;  ///< that were read, each once
  std::vector<BlobFault> faults;
  std::set<Sha256Digest> faulty;  ///< which of them
};

/// Reads everything that an image consists of, from its index down, whatever platform it is for
/// (attestations as well), and goes on where something is wrong: that each blob is there and has
/// the digest and size that what refers to it names, each layer the tar that the config names,
/// index and config one platform, manifest, config and history as many layers. Where
/// `architectures` are given, what an index lists for others is passed over. Throws Error when the
/// top cannot be read, and interrupted.
BlobCheck check_blobs(ImageSource& source, const std::vector<apk::Architecture>& architectures,
                      const std::filesystem::path& scratch, const std::stop_token& stop);

}  // namespace tarn::builder
