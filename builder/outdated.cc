#include "builder/outdated.h"

#include <bit>
#include <map>

#include "apk/model/version.h"

namespace tarn::builder {
namespace {

struct NewestVersion {
  std::string version;
  std::uint64_t sources = 0;  ///< bit n: repository n has it
};

/// The highest version of each of these names.
std::map<std::string, NewestVersion, std::less<>> newest_versions(
    const std::vector<apk::PlannedPackage>& packages, const apk::BinaryIndex& index) {
  std::map<std::string, NewestVersion, std::less<>> newest;
  for (const apk::PlannedPackage& planned : packages) newest[planned.package.name];
  for (std::size_t i = 0; i < index.package_count(); ++i) {
    const auto found = newest.find(index.name(i));
    if (found == newest.end()) continue;
    NewestVersion& known = found->second;
    const std::string_view version = index.version(i);
    const auto order = known.version.empty() ? std::strong_ordering::greater
                                             : apk::compare_versions(version, known.version);
    if (order > 0) known = {std::string(version), index.sources(i)};
    if (order == 0) known.sources |= index.sources(i);
  }
  return newest;
}

}  // namespace

std::vector<OutdatedPackage> find_outdated(const std::vector<apk::PlannedPackage>& packages,
                                           const Resolution& resolution,
                                           const ArchitecturePlan& updated) {
  const auto newest = newest_versions(packages, updated.index);
  std::map<std::string, std::string> after;
  for (const apk::PlannedPackage& planned : updated.plan.packages)
    after[planned.package.name] = planned.package.version;
  std::map<std::string, OutdatedPackage> outdated;
  for (const apk::PlannedPackage& planned : packages) {
    const apk::Package& package = planned.package;
    const NewestVersion& highest = newest.at(package.name);
    const auto update = after.find(package.name);
    OutdatedPackage one{.name = package.name,
                        .version = package.version,
                        .update = update == after.end() ? std::string() : update->second,
                        .newest = highest.version,
                        .newest_repository = {}};
    if (one.update == one.version && one.newest == one.version) continue;
    if (highest.sources != 0)
      one.newest_repository =
          resolution.repositories.at(static_cast<std::size_t>(std::countr_zero(highest.sources)))
              .line();
    outdated.emplace(package.name, std::move(one));
  }
  std::vector<OutdatedPackage> list;
  for (auto& [name, one] : outdated) list.push_back(std::move(one));
  return list;
}

}  // namespace tarn::builder
