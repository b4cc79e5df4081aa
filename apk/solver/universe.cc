#include "apk/solver/universe.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <type_traits>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

/// apk goes through names by the buckets of its table of names.
constexpr std::uint32_t kNameBuckets = 20000;

}  // namespace

Universe::Universe(const std::vector<std::string>& architectures,
                   const std::vector<SolverRepository>& repositories, const BinaryIndex* installed)
    : architectures_(architectures) {
  if (repositories.size() > kMostRepositories) {
    throw Error(ErrorKind::usage, fmt::format("{} repositories: at most {} can be used",
                                              repositories.size(), kMostRepositories));
  }
  tags_.emplace_back();
  if (installed != nullptr) add_source(*installed, 0);
  for (std::size_t i = 0; i < repositories.size(); ++i) {
    const auto tag = std::find(tags_.begin(), tags_.end(), repositories[i].tag);
    tag_of_repository_.push_back(static_cast<unsigned>(tag - tags_.begin()));
    if (tag == tags_.end()) tags_.push_back(repositories[i].tag);
    add_source(*repositories[i].index, Mask{1} << i);
  }
  // Most worlds reach fewer, and growing costs more than room that stays untouched.
  names_.reserve(std::min<std::size_t>(name_limit(), 1U << 14U));
  entries_.reserve(name_limit());
}

std::size_t Universe::name_limit() const {
  std::size_t count = 0;
  for (const Source& source : sources_) count += source.names.size();
  return count;
}

void Universe::add_source(const BinaryIndex& index, Mask repository) {
  PackageEntry entry;
  entry.source = static_cast<std::uint32_t>(sources_.size());
  sources_.push_back({&index, static_cast<PackageId>(packages_.size()), repository});
  sources_.back().names.assign(index.names().size(), kNoName);
  packages_.resize(packages_.size() + index.package_count(), entry);
}

template <typename Value>
std::span<Value> Universe::make(std::size_t count) const {
  static_assert(std::is_trivially_destructible_v<Value>);
  auto* values = static_cast<Value*>(memory_.allocate(count * sizeof(Value), alignof(Value)));
  std::uninitialized_default_construct_n(values, count);
  return {values, count};
}

/// Finds the package's equals: those with its identity.
const Universe::PackageEntry& Universe::link(PackageId id) const {
  PackageEntry& entry = packages_[id];
  const Source& own = sources_[entry.source];
  const IndexPackage& record = own.index->record(place(id));
  entry.canonical = own.first_package + record.first_equal;
  entry.repositories = own.repository;
  entry.installed = own.repository == 0;
  // Without an identity nothing says that two packages are the same.
  if (record.identity == Identity{}) return entry;
  for (const Source& other : sources_) {
    if (&other == &own) continue;
    const auto equal = other.index->find(record.identity);
    if (!equal) continue;
    entry.canonical = std::min(entry.canonical, other.first_package + *equal);
    entry.repositories |= other.repository;
    entry.installed |= other.repository == 0;
  }
  return entry;
}

const Universe::PackageEntry& Universe::resolve(PackageId id) const {
  PackageEntry& entry = packages_[id];
  entry.resolved = true;
  const BinaryIndex& index = *source(id).index;
  const std::string_view arch = architecture(id);
  entry.installable =
      !is_broken(id) && (arch == "noarch" || std::find(architectures_.begin(), architectures_.end(),
                                                       arch) != architectures_.end());
  const auto stated = index.offers(place(id));
  const auto offers = make<Offer>(stated.size());
  for (std::size_t i = 0; i < stated.size(); ++i) {
    offers[i] = {number(entry.source, stated[i].name), index.text(stated[i].version)};
  }
  const auto depends = index.depends(place(id));
  const auto conditions = index.install_if(place(id));
  const auto needs = make<Need>(depends.size() + conditions.size());
  auto next = needs.begin();
  for (const IndexNeed& need : depends) *next++ = number(entry.source, need);
  for (const IndexNeed& need : conditions) *next++ = number(entry.source, need);
  entry.offers = offers.data();
  entry.needs = needs.data();
  entry.name = offers.front().name;
  entry.offer_count = static_cast<std::uint32_t>(offers.size());
  entry.depend_count = static_cast<std::uint32_t>(depends.size());
  entry.condition_count = static_cast<std::uint32_t>(conditions.size());
  return entry;
}

NameId Universe::number(std::string_view name, std::uint32_t hash, std::uint32_t source,
                        std::uint32_t local) const {
  const NameId id = names_.add(name, hash);
  if (id < entries_.size()) return id;
  const auto places = make<std::uint32_t>(sources_.size());
  for (std::uint32_t i = 0; i < sources_.size(); ++i) {
    places[i] = i == source ? local : sources_[i].index->find(name, hash).value_or(kNoName);
  }
  const auto providers = find_providers(places.data());
  entries_.push_back({.places = places.data(),
                      .providers = providers.data(),
                      .provider_count = static_cast<std::uint32_t>(providers.size())});
  return id;
}

NameId Universe::number(std::uint32_t source, std::uint32_t name) const {
  NameId& known = sources_[source].names[name];
  if (known == kNoName) {
    const BinaryIndex& index = *sources_[source].index;
    const IndexName& record = index.names()[name];
    known = number(index.text(record.text), record.hash, source, name);
  }
  return known;
}

Need Universe::number(std::uint32_t source, const IndexNeed& need) const {
  return {number(source, need.name), static_cast<VersionMatch>(need.match), need.conflict != 0,
          sources_[source].index->text(need.version)};
}

void Universe::number_all() const {
  for (std::uint32_t source = 0; source < sources_.size(); ++source) {
    const BinaryIndex& index = *sources_[source].index;
    for (std::uint32_t name = 0; name < index.names().size(); ++name) {
      if (!index.providers(name).empty()) number(source, name);
    }
  }
}

std::span<const Provider> Universe::find_providers(const std::uint32_t* places) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (places[i] != kNoName) count += sources_[i].index->providers(places[i]).size();
  }
  const auto providers = make<Provider>(count);
  std::size_t found = 0;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (places[i] == kNoName) continue;
    const Source& source = sources_[i];
    for (const IndexProvider& provider : source.index->providers(places[i])) {
      const PackageId id = source.first_package + provider.package;
      if (linked(id).canonical != id) continue;
      providers[found++] = {id, source.index->text(provider.version)};
    }
  }
  return providers.first(found);
}

std::span<const NameId> Universe::triggered_by(NameId name) const {
  if (entries_[name].triggered_count == kUnknown) {
    const auto triggered = find_triggered(name);
    entries_[name].triggered = triggered.data();
    entries_[name].triggered_count = static_cast<std::uint32_t>(triggered.size());
  }
  return {entries_[name].triggered, entries_[name].triggered_count};
}

std::span<const NameId> Universe::find_triggered(NameId name) const {
  std::vector<NameId> found;
  const std::uint32_t* const places = entries_[name].places;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (places[i] == kNoName) continue;
    const Source& source = sources_[i];
    for (const std::uint32_t package : source.index->triggered(places[i])) {
      const PackageId id = source.first_package + package;
      if (linked(id).canonical != id) continue;
      for (const Offer& offer : offers(id)) found.push_back(offer.name);
    }
  }
  // Within a bucket the name that came last stands first.
  std::sort(found.begin(), found.end(), [this](NameId a, NameId b) {
    const std::uint32_t bucket_a = names_.hash(a) % kNameBuckets;
    const std::uint32_t bucket_b = names_.hash(b) % kNameBuckets;
    if (bucket_a != bucket_b || a == b) return bucket_a < bucket_b;
    return first_seen(a) > first_seen(b);
  });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  const auto triggered = make<NameId>(found.size());
  std::copy(found.begin(), found.end(), triggered.begin());
  return triggered;
}

/// The first source with a package that has the name, and its place among that one's names.
std::pair<std::size_t, std::size_t> Universe::first_seen(NameId name) const {
  const std::uint32_t* const places = entries_[name].places;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (places[i] != kNoName && !sources_[i].index->providers(places[i]).empty()) {
      return {i, places[i]};
    }
  }
  return {sources_.size(), name};
}

std::optional<NameId> Universe::find(std::string_view name) const {
  const std::uint32_t hash = name_hash(name);
  for (const Source& source : sources_) {
    if (const auto local = source.index->find(name, hash)) {
      return number(static_cast<std::uint32_t>(&source - sources_.data()), *local);
    }
  }
  return names_.find(name);
}

NameId Universe::add_name(std::string_view name) {
  if (const auto known = find(name)) return *known;
  const auto copy = make<char>(name.size());
  std::copy(name.begin(), name.end(), copy.begin());
  return number({copy.data(), copy.size()}, name_hash(name), kNoSource, kNoName);
}

Package Universe::package(PackageId id) const {
  return source(id).index->package(place(id));
}

std::vector<std::string> Universe::faults(PackageId id) const {
  return source(id).index->faults(place(id));
}

std::string Universe::label(PackageId id) const {
  return fmt::format("{}-{}", source(id).index->name(place(id)), version(id));
}

std::span<const Offer> Universe::offers(PackageId id) const {
  const PackageEntry& entry = resolved(id);
  return {entry.offers, entry.offer_count};
}

std::span<const Need> Universe::depends(PackageId id) const {
  const PackageEntry& entry = resolved(id);
  return {entry.needs, entry.depend_count};
}

std::span<const Need> Universe::install_if(PackageId id) const {
  const PackageEntry& entry = resolved(id);
  return {entry.needs + entry.depend_count, entry.condition_count};
}

Mask Universe::tags(PackageId id) const {
  Mask tags = 0;
  for (Mask left = linked(id).repositories; left != 0; left &= left - 1) {
    tags |= Mask{1} << tag_of_repository_[static_cast<std::size_t>(std::countr_zero(left))];
  }
  return tags;
}

Dependency Universe::dependency(const Need& need) const {
  Dependency dependency;
  dependency.name = text(need.name);
  dependency.match = need.match;
  dependency.version = need.version;
  dependency.conflict = need.conflict;
  return dependency;
}

std::optional<unsigned> Universe::tag_number(std::string_view tag) const {
  const auto found = std::find(tags_.begin(), tags_.end(), tag);
  if (found == tags_.end()) return std::nullopt;
  return static_cast<unsigned>(found - tags_.begin());
}

std::size_t Universe::repository(PackageId id, Mask tags) const {
  const Mask all = linked(id).repositories;
  for (Mask left = all; left != 0; left &= left - 1) {
    const auto number = static_cast<std::size_t>(std::countr_zero(left));
    if (((tags >> tag_of_repository_[number]) & 1U) != 0) return number;
  }
  return static_cast<std::size_t>(std::countr_zero(all));
}

}  // namespace tarn::apk
