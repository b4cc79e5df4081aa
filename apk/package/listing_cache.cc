#include "apk/package/listing_cache.h"

#include <string>
#include <utility>

#include <fmt/core.h>

namespace tarn::apk {
namespace {

constexpr const char* kind = "listing";

std::string key_of(const Identity& identity) {
  return fmt::format("{}.{}", identity.hex(), package_listing_version);
}

}  // namespace

std::optional<StoreEntry> ListingCache::find(const Identity& identity) const {
  return store_.find(kind, key_of(identity));
}

std::optional<PackageListing> ListingCache::open(const StoreEntry& entry) const {
  if (entry.size > max_package_listing_size) return std::nullopt;
  const auto file = store_.open(entry);
  if (!file) return std::nullopt;
  return parse_package_listing(file->bytes());
}

void ListingCache::put(const Identity& identity, const PackageListing& listing) {
  const auto bytes = format_package_listing(listing);
  if (!bytes) return;
  AtomicFile blob = store_.new_blob();
  blob.write(*bytes);
  // A listing costs no more than reading its package once: that a crash spoils it may be.
  store_.put(kind, key_of(identity), std::move(blob),
             {.blob = sha256(*bytes), .size = bytes->size()});
}

}  // namespace tarn::apk
