#include "apk/index/binary_index_tables.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

/// apk goes through names by the buckets of its table of names.
constexpr std::uint32_t name_buckets = 20000;

/// Real indexes have some thousand of these.
constexpr std::size_t most_triggered = 16U << 20U;

struct IdentityHash {
  /// Of a digest the first octets are as good a hash as any.
  std::size_t operator()(const Identity& identity) const {
    std::size_t hash = 0;
    std::memcpy(&hash, identity.digest.octets.data(), sizeof hash);
    return hash;
  }
};

}  // namespace

void BinaryIndexTables::link() {
  names.resize(spellings.size());
  link_equals();
  link_providers();
  link_triggered();
  place_names();
}

BinaryIndex BinaryIndexTables::view(std::shared_ptr<BinaryIndexTables> tables) {
  BinaryIndex index;
  index.source_count_ = tables->source_count;
  index.packages_ = tables->packages;
  index.lines_ = tables->lines;
  index.names_ = tables->names;
  index.spellings_ = tables->spellings;
  index.offers_ = tables->offers;
  index.needs_ = tables->needs;
  index.providers_ = tables->providers;
  index.triggered_ = tables->triggered;
  index.name_slots_ = tables->name_slots;
  index.words_ = tables->words;
  index.warnings_ = tables->warnings;
  index.texts_ = tables->texts;
  index.owner_ = std::move(tables);
  return index;
}

/// Equals have all sources of each other.
void BinaryIndexTables::link_equals() {
  std::unordered_map<Identity, std::uint32_t, IdentityHash> first_of;
  first_of.reserve(packages.size());
  for (std::uint32_t i = 0; i < packages.size(); ++i) {
    // Without an identity nothing says that two packages are the same.
    const bool is_known = lines[i].identity != Identity{};
    packages[i].first_equal = is_known ? first_of.emplace(lines[i].identity, i).first->second : i;
    auto& sources = packages[packages[i].first_equal].sources;
    for (std::size_t half = 0; half < sources.size(); ++half)
      sources[half] |= packages[i].sources[half];
  }
  for (IndexPackage& package : packages) package.sources = packages[package.first_equal].sources;
}

std::size_t BinaryIndexTables::end_of_offers(std::size_t package) const {
  return package + 1 < packages.size() ? packages[package + 1].first_offer : offers.size();
}

std::size_t BinaryIndexTables::end_of_conditions(std::size_t package) const {
  return package + 1 < packages.size() ? packages[package + 1].first_need : needs.size();
}

/// Turns the counts in a member of names into the places where each name's share begins, and gives
/// these and their sum.
std::pair<std::vector<std::uint32_t>, std::uint32_t> BinaryIndexTables::accumulate(
    std::uint32_t IndexName::*member) {
  std::vector<std::uint32_t> places;
  places.reserve(names.size());
  std::uint32_t sum = 0;
  for (IndexName& name : names) {
    places.push_back(sum);
    sum += std::exchange(name.*member, sum);
  }
  return {std::move(places), sum};
}

void BinaryIndexTables::link_providers() {
  const auto for_each_offer = [&](const auto& use) {
    for (std::uint32_t package = 0; package < packages.size(); ++package) {
      if (!is_first(package)) continue;
      for (std::size_t i = packages[package].first_offer; i < end_of_offers(package); ++i)
        use(package, offers[i]);
    }
  };
  for_each_offer(
      [&](std::uint32_t, const IndexOffer& offer) { ++names[offer.name].first_provider; });
  auto [places_of_names, sum] = accumulate(&IndexName::first_provider);
  std::vector<std::uint32_t>& places = places_of_names;  // clang 14 captures no bindings
  providers.resize(sum);
  for_each_offer([&](std::uint32_t package, const IndexOffer& offer) {
    providers[places[offer.name]++] = {package, offer.version};
  });
  for (std::uint32_t package = 0; package < packages.size(); ++package)
    if (is_first(package)) names[offers[packages[package].first_offer].name].is_own = 1;
}

void BinaryIndexTables::link_triggered() {
  struct Link {
    std::uint32_t condition;
    std::uint32_t bucket;  ///< of what is triggered
    std::uint32_t triggered;
  };
  std::vector<Link> links;
  for (std::uint32_t package = 0; package < packages.size(); ++package) {
    if (!is_first(package)) continue;
    const std::size_t end = end_of_offers(package);
    for (std::size_t i = packages[package].first_condition; i < end_of_conditions(package); ++i) {
      if (links.size() + (end - packages[package].first_offer) > most_triggered)
        throw Error(ErrorKind::failed, "too many packages are to be installed if others are");
      for (std::size_t offer = packages[package].first_offer; offer < end; ++offer)
        links.push_back(
            {needs[i].name, spellings[offers[offer].name].hash % name_buckets, offers[offer].name});
    }
  }
  std::sort(links.begin(), links.end(), [&](const Link& a, const Link& b) {
    if (a.condition != b.condition) return a.condition < b.condition;
    return a.bucket != b.bucket ? a.bucket < b.bucket : a.triggered > b.triggered;
  });
  links.erase(std::unique(links.begin(), links.end(),
                          [](const Link& a, const Link& b) {
                            return a.condition == b.condition && a.triggered == b.triggered;
                          }),
              links.end());
  for (const Link& link : links) {
    ++names[link.condition].first_triggered;
    triggered.push_back(link.triggered);
  }
  accumulate(&IndexName::first_triggered);
}

void BinaryIndexTables::place_names() {
  name_slots.resize(std::bit_ceil(spellings.size() * 2 + 1));
  const std::size_t mask = name_slots.size() - 1;
  for (std::uint32_t name = 0; name < spellings.size(); ++name) {
    const std::uint32_t hash = spellings[name].hash;
    std::size_t at = hash & mask;
    while (name_slots[at].number != 0) at = (at + 1) & mask;
    name_slots[at] = {name + 1, hash};
  }
}

}  // namespace tarn::apk
