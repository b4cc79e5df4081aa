#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/fetch/fetcher.h"
#include "apk/index/binary_index.h"
#include "apk/model/architecture.h"
#include "apk/model/repository.h"
#include "apk/support/hash.h"
#include "apk/support/progress.h"
#include "apk/trust/keyring.h"
#include "apk/trust/trusted_index.h"

namespace tarn::builder {

/// One architecture's indexes.
struct ArchitectureIndexes {
  apk::BinaryIndex index;             ///< of all repositories, its sources in their order
  apk::Keyring keyring;               ///< the given keys, and those that verified the indexes
  std::vector<Sha256Digest> digests;  ///< of the index files, in the order of repositories
};

struct IndexOptions {
  apk::SignaturePolicy signatures = apk::SignaturePolicy::required;
  std::size_t threads = 1;
};

/// Brings the indexes of all repositories for all architectures and checks their signatures against
/// `keyring` and the trust anchors. Indexes that were read together before come from the cache in
/// their binary form. Results are in the order of `architectures`. Throws Error (network, trust, or
/// failed for a malformed one).
std::vector<ArchitectureIndexes> load_indexes(const std::vector<apk::Architecture>& architectures,
                                              const std::vector<apk::Repository>& repositories,
                                              const apk::Keyring& keyring,
                                              const IndexOptions& options, apk::Fetcher& fetcher,
                                              Progress& progress, const std::stop_token& stop);

}  // namespace tarn::builder
