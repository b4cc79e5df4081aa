#pragma once

#include <optional>

#include "apk/fetch/store.h"
#include "apk/model/identity.h"
#include "apk/package/package_listing.h"

namespace tarn::apk {

/// Listings of packages kept in the store, by the package's identity. May be used by several
/// threads.
///
/// A listing stands for the package wherever that comes from, so it may be put only when the
/// identity covers the data (the control section states a hash of it), and both were verified.
class ListingCache {
 public:
  /// The store must outlive it.
  explicit ListingCache(Store& store) : store_(store) {}

  /// Where the store has the listing; nothing when it has none.
  std::optional<StoreEntry> find(const Identity& identity) const;
  /// The listing of such an entry; nothing when it is gone or damaged.
  std::optional<PackageListing> open(const StoreEntry& entry) const;
  /// Keeps a listing, if it is not too large. Throws Error when it cannot be written.
  void put(const Identity& identity, const PackageListing& listing);

 private:
  Store& store_;
};

}  // namespace tarn::apk
