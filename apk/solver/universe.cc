#include "apk/solver/universe.h"

#include <algorithm>
#include <bit>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

/// One index of all that the request speaks of, what is installed first.
BinaryIndex index_of(const Request& request) {
  std::vector<const BinaryIndex*> parts;
  BinaryIndex installed;
  if (!request.installed.empty()) {
    std::vector<Package> packages;
    packages.reserve(request.installed.size());
    for (const PresentPackage& present : request.installed) packages.push_back(present.package);
    installed = BinaryIndex::from_packages(packages);
    parts.push_back(&installed);
  }
  std::size_t joined = 0;
  if (request.joined != nullptr) {
    parts.push_back(request.joined);
    joined = request.joined->source_count();
  }
  for (std::size_t i = joined; i < request.repositories.size(); ++i)
    parts.push_back(request.repositories[i].index);
  return parts.size() == 1 ? *parts.front() : BinaryIndex::join(parts);
}

}  // namespace

Universe::Universe(const Request& request)
    : architectures_(request.architectures), has_installed_(!request.installed.empty()) {
  if (request.repositories.size() > kMostRepositories) {
    throw Error(ErrorKind::usage, fmt::format("{} repositories: at most {} can be used",
                                              request.repositories.size(), kMostRepositories));
  }
  tags_.emplace_back();
  for (const SolverRepository& repository : request.repositories) {
    const auto tag = std::find(tags_.begin(), tags_.end(), repository.tag);
    tag_of_repository_.push_back(static_cast<unsigned>(tag - tags_.begin()));
    if (tag == tags_.end()) tags_.push_back(repository.tag);
  }
  index_ = index_of(request);
  words_ = index_.words().data();
}

bool Universe::is_installable(PackageId id) const {
  if (is_broken(id)) return false;
  const std::string_view arch = architecture(id);
  return arch == "noarch" ||
         std::find(architectures_.begin(), architectures_.end(), arch) != architectures_.end();
}

std::optional<NameId> Universe::find(std::string_view name) const {
  if (const auto known = index_.find(name, name_hash(name))) return known;
  const auto found = std::find(more_names_.begin(), more_names_.end(), name);
  if (found == more_names_.end()) return std::nullopt;
  return static_cast<NameId>(index_.name_count()) +
         static_cast<NameId>(found - more_names_.begin());
}

NameId Universe::add_name(std::string_view name) {
  if (const auto known = find(name)) return *known;
  more_names_.emplace_back(name);
  return static_cast<NameId>(name_count() - 1);
}

std::string Universe::label(PackageId id) const {
  return fmt::format("{}-{}", index_.name(id), version(id));
}

Mask Universe::tags(PackageId id) const {
  Mask tags = 0;
  for (Mask left = repositories(id); left != 0; left &= left - 1) {
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
  const Mask all = repositories(id);
  for (Mask left = all; left != 0; left &= left - 1) {
    const auto number = static_cast<std::size_t>(std::countr_zero(left));
    if (((tags >> tag_of_repository_[number]) & 1U) != 0) return number;
  }
  return static_cast<std::size_t>(std::countr_zero(all));
}

}  // namespace tarn::apk
