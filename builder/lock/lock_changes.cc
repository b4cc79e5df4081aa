#include "builder/lock/lock_changes.h"

#include <map>
#include <set>

#include "apk/model/version.h"

namespace tarn::builder {
namespace {

using PackagesByName = std::map<std::string, const apk::Package*>;

PackagesByName packages_of(const LockedArchitecture* architecture) {
  PackagesByName packages;
  if (architecture != nullptr)
    for (const apk::PlannedPackage& planned : architecture->packages)
      packages.emplace(planned.package.name, &planned.package);
  return packages;
}

LockChange::Kind kind_of_change(const apk::Package& before, const apk::Package& after) {
  const auto order = apk::compare_versions(after.version, before.version);
  if (order == 0) return LockChange::Kind::replaced;
  return order > 0 ? LockChange::Kind::upgraded : LockChange::Kind::downgraded;
}

void compare_packages(const std::string& architecture, const PackagesByName& before,
                      const PackagesByName& after, std::vector<LockChange>& changes) {
  std::set<std::string> names;
  for (const auto* side : {&before, &after})
    for (const auto& [name, package] : *side) names.insert(name);
  for (const std::string& name : names) {
    const auto was = before.find(name);
    const auto is = after.find(name);
    if (was == before.end())
      changes.push_back({architecture, name, LockChange::Kind::added, {}, is->second->version});
    else if (is == after.end())
      changes.push_back({architecture, name, LockChange::Kind::removed, was->second->version, {}});
    else if (was->second->identity != is->second->identity)
      changes.push_back({architecture, name, kind_of_change(*was->second, *is->second),
                         was->second->version, is->second->version});
  }
}

}  // namespace

std::string_view word_for(LockChange::Kind kind) {
  switch (kind) {
    case LockChange::Kind::added:
      return "added";
    case LockChange::Kind::removed:
      return "removed";
    case LockChange::Kind::upgraded:
      return "upgraded";
    case LockChange::Kind::downgraded:
      return "downgraded";
    case LockChange::Kind::replaced:
      break;
  }
  return "replaced";
}

std::vector<LockChange> find_lock_changes(const Lock& before, const Lock& after) {
  std::set<std::string> names;
  for (const Lock* lock : {&before, &after})
    for (const LockedArchitecture& architecture : lock->architectures)
      names.insert(architecture.architecture);
  std::vector<LockChange> changes;
  for (const std::string& name : names)
    compare_packages(name, packages_of(before.find(name)), packages_of(after.find(name)), changes);
  return changes;
}

}  // namespace tarn::builder
