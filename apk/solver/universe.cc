#include "apk/solver/universe.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

/// apk goes through names by the buckets of its table of names.
constexpr std::uint32_t kNameBuckets = 20000;

/// Turns counts by name, at places one further, into the places where each name's share begins.
void accumulate(std::vector<std::uint32_t>& firsts) {
  for (std::size_t i = 1; i < firsts.size(); ++i) firsts[i] += firsts[i - 1];
}

}  // namespace

/// Packages by identity. A digest is its own hash.
class KnownPackages {
 public:
  explicit KnownPackages(std::size_t count) : slots_(std::bit_ceil(count * 2 + 1), kNoPackage) {}

  /// The place of the package with this identity: kNoPackage when it is new.
  template <typename IdentityOf>
  PackageId& place(const Identity& identity, const IdentityOf& identity_of) {
    std::size_t at = 0;
    std::memcpy(&at, identity.digest.octets.data(), sizeof at);
    const std::size_t mask = slots_.size() - 1;
    for (at &= mask; slots_[at] != kNoPackage; at = (at + 1) & mask) {
      if (identity_of(slots_[at]) == identity) break;
    }
    return slots_[at];
  }

 private:
  std::vector<PackageId> slots_;  ///< a power of two in length, at most half full
};

Universe::Universe(const std::vector<std::string>& architectures, const Repositories& repositories,
                   const BinaryIndex* installed)
    : architectures_(architectures) {
  if (repositories.size() > kMostRepositories) {
    throw Error(ErrorKind::usage, fmt::format("{} repositories: at most {} can be used",
                                              repositories.size(), kMostRepositories));
  }
  add_tags(repositories);
  add_packages(repositories, installed);
  link_providers();
  link_triggers();
}

void Universe::add_tags(const Repositories& repositories) {
  tags_.emplace_back();
  for (const SolverRepository& repository : repositories) {
    const auto found = std::find(tags_.begin(), tags_.end(), repository.tag);
    tag_of_repository_.push_back(static_cast<unsigned>(found - tags_.begin()));
    if (found == tags_.end()) tags_.push_back(repository.tag);
  }
}

void Universe::add_packages(const Repositories& repositories, const BinaryIndex* installed) {
  std::size_t package_count = installed != nullptr ? installed->package_count() : 0;
  std::size_t offer_count = installed != nullptr ? installed->offer_count() : 0;
  for (const SolverRepository& repository : repositories) {
    package_count += repository.index->package_count();
    offer_count += repository.index->offer_count();
  }
  packages_.reserve(package_count);
  offers_.reserve(offer_count);
  names_.reserve(offer_count);
  KnownPackages known(package_count);
  if (installed != nullptr) add_source(*installed, Entry{.installed = true}, known);
  for (std::size_t i = 0; i < repositories.size(); ++i) {
    add_source(*repositories[i].index, Entry{.repositories = Mask{1} << i}, known);
  }
}

/// Adds the packages of an index; `like` says where it comes from.
void Universe::add_source(const BinaryIndex& index, const Entry& like, KnownPackages& known) {
  Source& source = sources_.emplace_back(Source{&index, {}});
  source.names.assign(index.names().size(), kNoName);
  Entry entry = like;
  entry.source = static_cast<std::uint32_t>(sources_.size() - 1);
  for (entry.record = 0; entry.record < index.package_count(); ++entry.record) {
    const Identity& identity = index.record(entry.record).identity;
    // Without an identity nothing says that two packages are the same.
    if (identity != Identity{}) {
      PackageId& place = known.place(
          identity, [&](PackageId id) -> const Identity& { return this->identity(id); });
      if (place != kNoPackage) {
        packages_[place].repositories |= like.repositories;
        continue;
      }
      place = static_cast<PackageId>(packages_.size());
    }
    entry.first_offer = static_cast<std::uint32_t>(offers_.size());
    packages_.push_back(entry);
    for (const IndexOffer& offer : index.offers(entry.record)) {
      offers_.push_back({number(source, offer.name), index.text(offer.version)});
    }
  }
}

NameId Universe::number(Source& source, std::uint32_t name) {
  NameId& known = source.names[name];
  if (known == kNoName) {
    const IndexName& record = source.index->names()[name];
    known = names_.add(source.index->text(record.text), record.hash);
  }
  return known;
}

Need Universe::number(Source& source, const IndexNeed& need) {
  return {number(source, need.name), static_cast<VersionMatch>(need.match), need.conflict != 0,
          source.index->text(need.version)};
}

void Universe::link_providers() {
  first_provider_.assign(names_.size() + 1, 0);
  for (const Offer& offer : offers_) ++first_provider_[offer.name + 1];
  accumulate(first_provider_);
  providers_.resize(offers_.size());
  std::vector<std::uint32_t> next(first_provider_.begin(), first_provider_.end() - 1);
  for (PackageId id = 0; id < packages_.size(); ++id) {
    for (const Offer& offer : offers(id)) {
      providers_[next[offer.name]++] = Provider{id, offer.version};
    }
  }
}

void Universe::link_triggers() {
  struct Link {
    NameId name;
    std::uint32_t bucket;
    NameId triggered;
    bool operator==(const Link&) const = default;
  };
  std::vector<Link> links;
  for (PackageId id = 0; id < packages_.size(); ++id) {
    Source& source = sources_[packages_[id].source];
    const auto conditions = source.index->install_if(packages_[id].record);
    if (conditions.empty()) continue;
    for (const Offer& offer : offers(id)) {
      const std::uint32_t bucket = names_.hash(offer.name) % kNameBuckets;
      for (const IndexNeed& condition : conditions) {
        links.push_back({number(source, condition.name), bucket, offer.name});
      }
    }
  }
  // Within a bucket the name that came last stands first.
  std::sort(links.begin(), links.end(), [](const Link& a, const Link& b) {
    return std::tuple(a.name, a.bucket, b.triggered) < std::tuple(b.name, b.bucket, a.triggered);
  });
  links.erase(std::unique(links.begin(), links.end()), links.end());
  first_triggered_.assign(names_.size() + 1, 0);
  for (const Link& link : links) {
    ++first_triggered_[link.name + 1];
    triggered_.push_back(link.triggered);
  }
  accumulate(first_triggered_);
}

Package Universe::package(PackageId id) const {
  return sources_[packages_[id].source].index->package(packages_[id].record);
}

std::vector<std::string> Universe::faults(PackageId id) const {
  return sources_[packages_[id].source].index->faults(packages_[id].record);
}

std::string Universe::label(PackageId id) const {
  return fmt::format("{}-{}", text(name_of(id)), version(id));
}

bool Universe::is_installable(PackageId id) const {
  const std::string_view arch = architecture(id);
  return !is_broken(id) &&
         (arch == "noarch" ||
          std::find(architectures_.begin(), architectures_.end(), arch) != architectures_.end());
}

std::span<const Offer> Universe::offers(PackageId id) const {
  const std::size_t first = packages_[id].first_offer;
  const std::size_t end =
      id + 1 < packages_.size() ? packages_[id + 1].first_offer : offers_.size();
  return std::span(offers_).subspan(first, end - first);
}

Mask Universe::tags(PackageId id) const {
  Mask tags = 0;
  for (Mask left = packages_[id].repositories; left != 0; left &= left - 1) {
    tags |= Mask{1} << tag_of_repository_[static_cast<std::size_t>(std::countr_zero(left))];
  }
  return tags;
}

std::span<const Provider> Universe::providers(NameId name) const {
  // Names first seen in a dependency have no provider, and no place in the table.
  if (name + 1 >= first_provider_.size()) return {};
  return std::span(providers_)
      .subspan(first_provider_[name], first_provider_[name + 1] - first_provider_[name]);
}

std::span<const NameId> Universe::triggered_by(NameId name) const {
  if (name + 1 >= first_triggered_.size()) return {};
  return std::span(triggered_)
      .subspan(first_triggered_[name], first_triggered_[name + 1] - first_triggered_[name]);
}

void Universe::resolve(PackageId id) {
  Entry& entry = packages_[id];
  if (entry.resolved) return;
  entry.resolved = true;
  entry.first_need = static_cast<std::uint32_t>(needs_.size());
  Source& source = sources_[entry.source];
  for (const IndexNeed& need : source.index->depends(entry.record)) {
    needs_.push_back(number(source, need));
  }
  for (const IndexNeed& need : source.index->install_if(entry.record)) {
    needs_.push_back(number(source, need));
  }
}

std::span<const Need> Universe::depends(PackageId id) const {
  const Entry& entry = packages_[id];
  return std::span(needs_).subspan(entry.first_need,
                                   sources_[entry.source].index->depends(entry.record).size());
}

std::span<const Need> Universe::install_if(PackageId id) const {
  const Entry& entry = packages_[id];
  const BinaryIndex& index = *sources_[entry.source].index;
  return std::span(needs_).subspan(entry.first_need + index.depends(entry.record).size(),
                                   index.install_if(entry.record).size());
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
  const Mask all = packages_[id].repositories;
  for (Mask left = all; left != 0; left &= left - 1) {
    const auto number = static_cast<std::size_t>(std::countr_zero(left));
    if (((tags >> tag_of_repository_[number]) & 1U) != 0) return number;
  }
  return static_cast<std::size_t>(std::countr_zero(all));
}

}  // namespace tarn::apk
