#include "apk/solver/selection.h"

#include <algorithm>
#include <utility>

namespace tarn::apk {

bool satisfies(const Universe& universe, const Provider& provider, const Dependency& dependency) {
  return dependency.is_satisfied_by(provider.version, universe.identity(provider.package));
}

Selection::Selection(Universe& universe, std::vector<Dependency> world, const Plan& plan)
    : universe_(universe), world_(std::move(world)) {
  for (const PlannedPackage& planned : plan.packages) {
    const PackageId id = find(planned);
    if (id == kNoPackage) continue;
    packages_.push_back(id);
    contained_.insert(id);
  }
  for (const Dependency& dependency : world_) add_constraint(kNoPackage, dependency);
  for (const PackageId id : packages_) {
    for (const Dependency& dependency : depends(id)) add_constraint(id, dependency);
  }
  add_tags();
}

PackageId Selection::find(const PlannedPackage& planned) const {
  const auto name = universe_.find(planned.package.name);
  if (!name) return kNoPackage;
  for (const Provider& provider : universe_.providers(*name)) {
    const PackageId id = provider.package;
    if (universe_.name_of(id) == *name && universe_.version(id) == planned.package.version &&
        universe_.identity(id) == planned.package.identity &&
        (universe_.repositories(id) >> planned.repository & 1U) != 0) {
      return id;
    }
  }
  return kNoPackage;
}

void Selection::add_constraint(PackageId by, const Dependency& dependency) {
  constraints_[universe_.add_name(dependency.name)].push_back({by, dependency});
}

std::vector<Provider> Selection::holders(NameId name) const {
  std::vector<Provider> without_version;
  for (const Provider& provider : universe_.providers(name)) {
    if (!contains(provider.package)) continue;
    if (!provider.is_virtual()) return {provider};
    without_version.push_back(provider);
  }
  return without_version;
}

std::vector<PackageId> Selection::answers(const Dependency& dependency) const {
  std::vector<PackageId> found;
  const auto name = universe_.find(dependency.name);
  if (!name || dependency.conflict) return found;
  for (const Provider& provider : holders(*name)) {
    if (satisfies(universe_, provider, dependency)) found.push_back(provider.package);
  }
  return found;
}

std::span<const Constraint> Selection::constraints(NameId name) const {
  const auto found = constraints_.find(name);
  if (found == constraints_.end()) return {};
  return found->second;
}

bool Selection::is_asked_for(NameId name) const {
  return std::ranges::any_of(constraints(name), [](const Constraint& constraint) {
    return !constraint.dependency.conflict;
  });
}

bool Selection::is_triggered(PackageId id) const {
  const auto conditions = universe_.package(id).install_if;
  return !conditions.empty() && contains(id) &&
         std::ranges::all_of(conditions, [&](const Dependency& condition) {
           const auto name = universe_.find(condition.name);
           if (condition.conflict) return !name || holders(*name).empty();
           return !answers(condition).empty();
         });
}

/// World's tags, and how packages pass them on to what they need.
void Selection::add_tags() {
  for (const Dependency& dependency : world_) {
    const auto number = universe_.tag_number(dependency.tag);
    const auto name = universe_.find(dependency.name);
    if (dependency.tag.empty() || !number || !name) continue;
    for (const Provider& provider : universe_.providers(*name)) {
      if (!satisfies(universe_, provider, dependency)) continue;
      tags_[provider.package].allowed |= Mask{1} << *number;
      tags_[provider.package].preferred = Mask{1} << *number;
    }
  }
  if (tags_.empty()) return;
  bool is_changed = true;
  while (is_changed) {
    is_changed = false;
    for (const PackageId id : packages_) is_changed = pass_tags_on(id) || is_changed;
  }
}

bool Selection::pass_tags_on(PackageId from) {
  const Package package = universe_.package(from);
  bool is_changed = false;
  const auto allow = [&](PackageId to, Mask allowed) {
    if ((allowed & ~tags(to).allowed) == 0) return;
    tags_[to].allowed |= allowed;
    is_changed = true;
  };
  for (const Dependency& dependency : package.depends) {
    const auto name = universe_.find(dependency.name);
    if (dependency.conflict || !name) continue;
    for (const Provider& provider : universe_.providers(*name)) {
      if (satisfies(universe_, provider, dependency)) {
        allow(provider.package, tags(from).allowed);
      }
    }
  }
  for (const Dependency& condition : package.install_if) {
    for (const PackageId present : answers(condition)) allow(from, tags(present).allowed);
  }
  return is_changed;
}

Selection::Tags Selection::tags(PackageId id) const {
  const auto found = tags_.find(id);
  return found == tags_.end() ? Tags{} : found->second;
}

/// Only a package that is nothing but a list of others has no size; it comes from nowhere.
bool Selection::is_empty(PackageId id) const {
  return universe_.package(id).installed_size == 0;
}

bool Selection::is_tag_allowed(PackageId id) const {
  return (universe_.tags(id) & (tags(id).allowed | tags(id).preferred)) != 0 || is_empty(id);
}

bool Selection::is_tag_preferred(PackageId id) const {
  const Mask preferred = tags(id).preferred;
  return (universe_.tags(id) & preferred) != 0 || (preferred == kUntagged && is_empty(id));
}

}  // namespace tarn::apk
