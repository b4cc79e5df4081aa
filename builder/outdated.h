#pragma once

#include <string>
#include <vector>

#include "builder/resolution.h"

namespace tarn::builder {

/// A package for which the repositories have something else.
struct OutdatedPackage {
  std::string name;
  std::string version;
  std::string update;  ///< version after an update of all packages; empty: it would be removed
  std::string newest;  ///< the highest version of all repositories; empty: none has the package
  std::string newest_repository;  ///< line of the first repository that has it
  bool operator==(const OutdatedPackage&) const = default;
};

/// Compares packages as they are with what the repositories offer: `updated` has the plan that an
/// update would give, and the repositories' index. By name.
std::vector<OutdatedPackage> find_outdated(const std::vector<apk::PlannedPackage>& packages,
                                           const Resolution& resolution,
                                           const ArchitecturePlan& updated);

}  // namespace tarn::builder
