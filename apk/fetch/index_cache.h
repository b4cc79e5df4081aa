#pragma once

#include <optional>

#include "apk/fetch/store.h"
#include "apk/index/binary_index.h"
#include "apk/support/hash.h"
#include "apk/support/url.h"

namespace tarn::apk {

/// Binary indexes kept in the store: one for each place that an index comes from, good for the very
/// octets it was made from. Who may sign these is not its matter. May be used by several threads.
class IndexCache {
 public:
  /// The store must outlive it.
  explicit IndexCache(Store& store) : store_(store) {}

  /// The binary index of the file at `url` whose SHA-256 is `digest`; nothing when there is none,
  /// or it is damaged.
  std::optional<BinaryIndex> find(const Url& url, const Sha256Digest& digest) const;
  /// Keeps it in the place of the one that `url` had before. Throws Error when it cannot be
  /// written.
  void put(const Url& url, const Sha256Digest& digest, const BinaryIndex& index);

 private:
  Store& store_;
};

}  // namespace tarn::apk
