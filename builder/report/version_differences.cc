#include "builder/report/version_differences.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>

namespace tarn::builder {
namespace {

constexpr std::size_t most_told = 12;

/// "1.2-r0 (x86_64), missing (aarch64)".
std::string versions_text(const VersionDifferences& differences,
                          const VersionDifference& difference) {
  std::string text;
  for (std::size_t i = 0; i < difference.versions.size(); ++i) {
    const std::string& version = difference.versions[i];
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", version.empty() ? "missing" : version,
                        differences.architectures[i]);
  }
  return text;
}

}  // namespace

VersionDifferences find_version_differences(const std::vector<NamedPlan>& plans) {
  VersionDifferences differences;
  std::map<std::string, std::vector<std::string>> versions;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    differences.architectures.push_back(plans[i].architecture);
    for (const apk::PlannedPackage& planned : plans[i].plan->packages) {
      auto& row = versions[planned.package.name];
      row.resize(plans.size());
      row[i] = planned.package.version;
    }
  }
  for (auto& [name, row] : versions)
    if (std::adjacent_find(row.begin(), row.end(), std::not_equal_to<>()) != row.end())
      differences.packages.push_back({name, std::move(row)});
  return differences;
}

Error different_versions_error(const VersionDifferences& differences) {
  const std::size_t count = differences.packages.size();
  const bool is_one = count == 1;
  Error error(
      ErrorKind::unsatisfiable,
      fmt::format("{} {} not the same version for all architectures",
                  is_one ? differences.packages.front().package : fmt::format("{} packages", count),
                  is_one ? "has" : "have"));
  for (std::size_t i = 0; i < std::min(count, most_told); ++i)
    error.detail(differences.packages[i].package,
                 versions_text(differences, differences.packages[i]));
  if (count > most_told) error.detail("also", fmt::format("{} more", count - most_told));
  error.hint(
      "ask for versions that all architectures have, wait until the repositories agree, or leave "
      "out --same-versions");
  return error;
}

}  // namespace tarn::builder
