#pragma once

#include <optional>
#include <vector>

#include "apk/fetch/store.h"
#include "apk/index/binary_index.h"
#include "apk/support/hash.h"
#include "apk/support/url.h"

namespace tarn::apk {

/// Binary indexes kept in the store: one for each list of places that index files come from, good
/// for the very octets it was made from. Who may sign these is not its matter. May be used by
/// several threads.
class IndexCache {
 public:
  /// The store must outlive it.
  explicit IndexCache(Store& store) : store_(store) {}

  /// The SHA-256 of the files that what is kept for `urls` was made from, in their order; none when
  /// nothing is kept. Whatever else is true of these files, they were indexes.
  std::vector<Sha256Digest> sources(const std::vector<Url>& urls) const;
  /// The binary index of the files at `urls` (together, in this order) whose SHA-256 are `digests`;
  /// nothing when there is none, or it is damaged.
  std::optional<BinaryIndex> find(const std::vector<Url>& urls,
                                  const std::vector<Sha256Digest>& digests) const;
  /// Keeps it in the place of the one that `urls` had before. Throws Error when it cannot be
  /// written.
  void put(const std::vector<Url>& urls, const std::vector<Sha256Digest>& digests,
           const BinaryIndex& index);

 private:
  Store& store_;
};

}  // namespace tarn::apk
