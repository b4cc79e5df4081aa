#pragma once

#include <cstddef>
#include <future>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/fetch/fetcher.h"
#include "apk/index/binary_index.h"
#include "apk/index/shared_text.h"
#include "apk/model/architecture.h"
#include "apk/model/repository.h"
#include "apk/support/hash.h"
#include "apk/support/progress.h"
#include "apk/support/url.h"
#include "apk/trust/keyring.h"
#include "apk/trust/trusted_index.h"

namespace tarn::builder {

/// One architecture's index files, in the order of repositories, before anybody reads them.
struct IndexFiles {
  std::vector<Url> urls{};
  std::vector<apk::Brought> files{};
  std::vector<Sha256Digest> digests{};   ///< of the files
  std::vector<apk::SharedText> texts{};  ///< of those that were read; empty for others
};

/// One architecture's indexes.
struct ArchitectureIndexes {
  apk::BinaryIndex index;  ///< of all repositories, its sources in their order
  apk::Keyring keyring;    ///< the given keys, and those that verified the indexes
  /// Ends when the index is in the cache.
  std::shared_future<void> keeping{};
};

struct IndexReading {
  apk::SignaturePolicy signatures = apk::SignaturePolicy::required;
  std::size_t threads = 1;
};

/// Brings those of the named keys that are trust anchors and that the keyring lacks. Throws Error:
/// network, trust for a key that is not Alpine's.
void add_anchor_keys(apk::Keyring& keyring, const std::vector<std::string>& names,
                     apk::Fetcher& fetcher);

/// Brings the index files of all repositories for all architectures. What the cache has of them is
/// only known by its digest yet. Results are in the order of `architectures`. Throws Error
/// (network, or failed for what is no index).
std::vector<IndexFiles> fetch_indexes(const std::vector<apk::Architecture>& architectures,
                                      const std::vector<apk::Repository>& repositories,
                                      apk::Fetcher& fetcher);

/// Checks the signatures of what fetch_indexes() brought against `keyring` and the trust anchors,
/// and reads it. Indexes that were read together before come from the cache in their binary form;
/// others are put there, on a thread of their own. Results are in the order of `files`. Throws
/// Error (trust, network, or failed for a malformed one).
std::vector<ArchitectureIndexes> read_indexes(std::vector<IndexFiles> files,
                                              const apk::Keyring& keyring,
                                              const IndexReading& options, apk::Fetcher& fetcher,
                                              Progress& progress, const std::stop_token& stop);

}  // namespace tarn::builder
