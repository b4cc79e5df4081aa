#include "builder/layer/package_groups.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>

namespace tarn::builder {
namespace {

/// Packages that have to stay together, as a forest: each points at another of its group, the
/// first of the group at itself.
class Ties {
 public:
  explicit Ties(std::size_t count) : parents_(count) {
    std::iota(parents_.begin(), parents_.end(), std::size_t{0});
  }

  std::size_t first_of(std::size_t package) {
    while (parents_[package] != package) {
      parents_[package] = parents_[parents_[package]];
      package = parents_[package];
    }
    return package;
  }

  void tie(std::size_t left, std::size_t right) {
    const auto [first, second] = std::minmax({first_of(left), first_of(right)});
    parents_[second] = first;
  }

 private:
  std::vector<std::size_t> parents_;
};

void tie_origins(std::span<const apk::InstalledPackage> packages, Ties& ties) {
  std::map<std::string_view, std::size_t> firsts;
  for (std::size_t i = 0; i < packages.size(); ++i) {
    const apk::Package& package = packages[i].package;
    const std::string_view origin = package.origin.empty() ? package.name : package.origin;
    ties.tie(firsts.try_emplace(origin, i).first->second, i);
  }
}

void tie_replaced(std::span<const apk::InstalledPackage> packages, Ties& ties) {
  std::map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < packages.size(); ++i) by_name.emplace(packages[i].package.name, i);
  for (std::size_t i = 0; i < packages.size(); ++i)
    for (const apk::Dependency& replaced : packages[i].package.replaces) {
      const auto found = by_name.find(replaced.name);
      if (found == by_name.end()) continue;
      const apk::Package& other = packages[found->second].package;
      if (replaced.is_satisfied_by(other.version, other.identity)) ties.tie(i, found->second);
    }
}

void append(PackageGroup& group, const PackageGroup& other) {
  group.packages.insert(group.packages.end(), other.packages.begin(), other.packages.end());
  group.size += other.size;
}

}  // namespace

std::vector<PackageGroup> group_packages(std::span<const apk::InstalledPackage> packages,
                                         std::size_t budget) {
  Ties ties(packages.size());
  tie_origins(packages, ties);
  tie_replaced(packages, ties);

  struct Ranked {
    PackageGroup group;
    std::string_view last_name;
  };
  std::map<std::size_t, Ranked> by_first;
  for (std::size_t i = 0; i < packages.size(); ++i) {
    const apk::Package& package = packages[i].package;
    Ranked& ranked = by_first[ties.first_of(i)];
    ranked.group.packages.push_back(i);
    ranked.group.size += package.installed_size;
    ranked.last_name = std::max<std::string_view>(ranked.last_name, package.name);
  }
  std::vector<Ranked> ranked;
  for (auto& [first, group] : by_first) ranked.push_back(std::move(group));
  std::ranges::sort(ranked, [](const Ranked& left, const Ranked& right) {
    return std::tie(right.group.size, left.last_name) < std::tie(left.group.size, right.last_name);
  });

  const std::size_t most = std::max<std::size_t>(budget, 1);
  std::vector<PackageGroup> groups;
  for (Ranked& next : ranked) {
    if (groups.size() < most)
      groups.push_back(std::move(next.group));
    else
      append(groups.back(), next.group);
  }
  for (PackageGroup& group : groups) std::ranges::sort(group.packages);
  return groups;
}

}  // namespace tarn::builder
