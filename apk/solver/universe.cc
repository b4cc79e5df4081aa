#include "apk/solver/universe.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>
#include <unordered_map>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

/// apk goes through names by the buckets of its table of names.
constexpr std::uint32_t kNameBuckets = 20000;

/// A digest is its own hash.
struct IdentityHash {
  std::size_t operator()(const Identity& identity) const {
    std::size_t hash = 0;
    std::memcpy(&hash, identity.digest.octets.data(), sizeof hash);
    return hash;
  }
};

/// Murmur3 with apk's seed.
std::uint32_t name_hash(std::string_view name) {
  const auto octet = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i]));
  };
  const auto scramble = [](std::uint32_t block) {
    return std::rotl(block * 0xcc9e2d51U, 15) * 0x1b873593U;
  };
  std::uint32_t hash = 5381;
  std::size_t i = 0;
  for (; i + 4 <= name.size(); i += 4) {
    hash ^= scramble(octet(i) | octet(i + 1) << 8U | octet(i + 2) << 16U | octet(i + 3) << 24U);
    hash = std::rotl(hash, 13) * 5 + 0xe6546b64U;
  }
  std::uint32_t rest = 0;
  for (std::size_t last = name.size(); last > i; --last) rest = rest << 8U | octet(last - 1);
  hash ^= scramble(rest) ^ static_cast<std::uint32_t>(name.size());
  hash = (hash ^ hash >> 16U) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13U) * 0xc2b2ae35U;
  return hash ^ hash >> 16U;
}

/// Turns counts by name, at places one further, into the places where each name's share begins.
void accumulate(std::vector<std::uint32_t>& firsts) {
  for (std::size_t i = 1; i < firsts.size(); ++i) firsts[i] += firsts[i - 1];
}

}  // namespace

Universe::Universe(const Architectures& architectures, const Repositories& repositories,
                   const Index* installed) {
  if (repositories.size() > kMostRepositories) {
    throw Error(ErrorKind::usage, fmt::format("{} repositories: at most {} can be used",
                                              repositories.size(), kMostRepositories));
  }
  add_tags(repositories);
  add_packages(repositories, architectures, installed);
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

void Universe::add_packages(const Repositories& repositories, const Architectures& architectures,
                            const Index* installed) {
  std::size_t count = 0;
  for (const SolverRepository& repository : repositories) {
    count += repository.index->packages.size();
  }
  packages_.reserve(count);
  offers_.reserve(count * 4);
  names_.reserve(count * 4);
  std::unordered_map<Identity, PackageId, IdentityHash> known;
  known.reserve(count);
  const auto add = [&](const Package& package) -> Entry& {
    // Without an identity nothing says that two packages are the same.
    if (package.identity != Identity{}) {
      const auto [place, is_new] =
          known.emplace(package.identity, static_cast<PackageId>(packages_.size()));
      if (!is_new) return packages_[place->second];
    }
    const bool is_wanted =
        package.arch == "noarch" ||
        std::find(architectures.begin(), architectures.end(), package.arch) != architectures.end();
    return add_package(package, is_wanted && !package.uninstallable);
  };
  if (installed != nullptr) {
    for (const Package& package : installed->packages) add(package).installed = true;
  }
  for (std::size_t i = 0; i < repositories.size(); ++i) {
    for (const Package& package : repositories[i].index->packages) {
      add(package).repositories |= Mask{1} << i;
    }
  }
}

Universe::Entry& Universe::add_package(const Package& package, bool is_installable) {
  Entry entry;
  entry.package = &package;
  entry.first_offer = static_cast<std::uint32_t>(offers_.size());
  entry.installable = is_installable;
  packages_.push_back(entry);
  offers_.push_back({names_.add(package.name), package.version});
  for (const Provide& provide : package.provides) {
    offers_.push_back({names_.add(provide.name), provide.version});
  }
  return packages_.back();
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
    const auto& conditions = packages_[id].package->install_if;
    if (conditions.empty()) continue;
    for (const Offer& offer : offers(id)) {
      const std::uint32_t bucket = name_hash(names_.text(offer.name)) % kNameBuckets;
      for (const Dependency& condition : conditions) {
        links.push_back({names_.add(condition.name), bucket, offer.name});
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

std::span<const Offer> Universe::offers(PackageId id) const {
  return std::span(offers_).subspan(packages_[id].first_offer,
                                    packages_[id].package->provides.size() + 1);
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
  for (const Dependency& need : entry.package->depends) {
    needs_.push_back({names_.add(need.name), need.match, need.conflict, need.version});
  }
  for (const Dependency& need : entry.package->install_if) {
    needs_.push_back({names_.add(need.name), need.match, need.conflict, need.version});
  }
}

std::span<const Need> Universe::depends(PackageId id) const {
  const Entry& entry = packages_[id];
  return std::span(needs_).subspan(entry.first_need, entry.package->depends.size());
}

std::span<const Need> Universe::install_if(PackageId id) const {
  const Entry& entry = packages_[id];
  return std::span(needs_).subspan(entry.first_need + entry.package->depends.size(),
                                   entry.package->install_if.size());
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
