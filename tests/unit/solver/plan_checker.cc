#include "plan_checker.h"

#include <algorithm>
#include <compare>
#include <map>

#include "apk/model/version.h"

namespace tarn::test {
namespace {

using apk::Dependency;
using apk::Package;
using apk::Provide;
using apk::VersionMatch;

/// One package of a plan that has a name.
struct Holder {
  std::size_t place = 0;
  std::string version;  ///< of the name; empty: without
};

using Holders = std::map<std::string, std::vector<Holder>>;

Holders holders_of(const std::vector<Package>& plan) {
  Holders holders;
  for (std::size_t place = 0; place < plan.size(); ++place) {
    for (const Provide& name : names_of(plan[place])) {
      holders[name.name].push_back({place, name.version});
    }
  }
  return holders;
}

/// The packages that a constraint speaks of.
std::set<std::size_t> meant_by(const Dependency& constraint, const std::vector<Package>& plan,
                               const Holders& holders) {
  std::set<std::size_t> places;
  const auto found = holders.find(constraint.name);
  if (found == holders.end()) return places;
  for (const Holder& holder : found->second) {
    if (is_meant(constraint, holder.version, plan[holder.place])) places.insert(holder.place);
  }
  return places;
}

/// Whether a conflict or dependency holds. `by` is the place of the package that states it, which
/// cannot be in its own way.
bool holds(const Dependency& constraint, std::size_t by, const std::vector<Package>& plan,
           const Holders& holders) {
  std::set<std::size_t> meant = meant_by(constraint, plan, holders);
  if (!constraint.conflict) return !meant.empty();
  meant.erase(by);
  return meant.empty();
}

/// Whether what has been found needed so far completes the install_if of a package.
bool is_complete(const Package& package, const std::set<std::size_t>& needed,
                 const std::vector<Package>& plan, const Holders& holders) {
  if (package.install_if.empty()) return false;
  return std::all_of(
      package.install_if.begin(), package.install_if.end(), [&](const Dependency& condition) {
        const auto meant = meant_by(condition, plan, holders);
        if (condition.conflict) return meant.empty();
        return std::any_of(meant.begin(), meant.end(),
                           [&](std::size_t place) { return needed.count(place) != 0; });
      });
}

}  // namespace

std::vector<Provide> names_of(const Package& package) {
  std::vector<Provide> names = {{package.name, package.version}};
  names.insert(names.end(), package.provides.begin(), package.provides.end());
  return names;
}

bool is_meant(const Dependency& constraint, const std::string& version, const Package& package) {
  if (constraint.match == VersionMatch::any) return true;
  if (constraint.match == VersionMatch::identity) {
    return constraint.version == package.identity.str();
  }
  if (version.empty()) return true;
  const auto order = apk::compare_versions(version, constraint.version);
  const bool is_fuzzy = apk::compare_versions_fuzzy(version, constraint.version) == 0;
  switch (constraint.match) {
    case VersionMatch::equal:
      return order == 0;
    case VersionMatch::less:
      return order < 0;
    case VersionMatch::less_or_equal:
      return order <= 0;
    case VersionMatch::greater:
      return order > 0;
    case VersionMatch::greater_or_equal:
      return order >= 0;
    case VersionMatch::fuzzy:
      return is_fuzzy;
    case VersionMatch::less_or_fuzzy:
      return order < 0 || is_fuzzy;
    case VersionMatch::greater_or_fuzzy:
      return order > 0 || is_fuzzy;
    case VersionMatch::any:
    case VersionMatch::identity:
      break;
  }
  return true;
}

std::set<std::size_t> needed_by(const std::vector<Dependency>& world,
                                const std::vector<Package>& plan) {
  const Holders holders = holders_of(plan);
  std::set<std::size_t> needed;
  std::vector<std::size_t> waiting;
  const auto need = [&](std::size_t place) {
    if (needed.insert(place).second) waiting.push_back(place);
  };
  const auto need_all = [&](const std::vector<Dependency>& constraints) {
    for (const Dependency& constraint : constraints) {
      if (constraint.conflict) continue;
      for (const std::size_t place : meant_by(constraint, plan, holders)) need(place);
    }
  };
  need_all(world);
  do {
    while (!waiting.empty()) {
      const std::size_t place = waiting.back();
      waiting.pop_back();
      need_all(plan[place].depends);
    }
    for (std::size_t place = 0; place < plan.size(); ++place) {
      if (is_complete(plan[place], needed, plan, holders)) need(place);
    }
  } while (!waiting.empty());
  return needed;
}

std::vector<std::string> plan_faults(const std::vector<Package>& plan,
                                     const std::vector<Dependency>& world) {
  std::vector<std::string> faults;
  const Holders holders = holders_of(plan);
  for (const Dependency& entry : world) {
    if (!holds(entry, plan.size(), plan, holders)) faults.push_back("world: " + entry.str());
  }
  std::set<std::string> labels;
  for (std::size_t place = 0; place < plan.size(); ++place) {
    const Package& package = plan[place];
    const std::string label = package.label();
    for (const Dependency& constraint : package.depends) {
      if (!holds(constraint, place, plan, holders)) {
        faults.push_back(label + ": " + constraint.str());
      }
    }
    if (package.uninstallable) faults.push_back(label + ": uninstallable");
    if (!labels.insert(label).second) faults.push_back(label + ": twice");
  }
  for (const auto& [name, having] : holders) {
    const bool is_owned = std::any_of(having.begin(), having.end(),
                                      [](const Holder& holder) { return !holder.version.empty(); });
    if (!is_owned || having.size() == 1) continue;
    std::string fault = name + ": owned, and had by";
    for (const Holder& holder : having) fault += " " + plan[holder.place].label();
    faults.push_back(fault);
  }
  const auto needed = needed_by(world, plan);
  for (std::size_t place = 0; place < plan.size(); ++place) {
    if (needed.count(place) == 0) faults.push_back(plan[place].label() + ": without need");
  }
  return faults;
}

}  // namespace tarn::test
