#pragma once

#include <string>
#include <vector>

#include "apk/solver/solver.h"
#include "apk/support/error.h"

namespace tarn::builder {

/// A plan and the architecture it is for.
struct NamedPlan {
  std::string architecture;  ///< apk's name
  const apk::Plan* plan = nullptr;
};

/// A package whose version is not the same everywhere.
struct VersionDifference {
  std::string package;
  std::vector<std::string> versions;  ///< by number of the plan; empty: the plan lacks it
  bool operator==(const VersionDifference&) const = default;
};

/// What several plans of one recipe do not have in common.
struct VersionDifferences {
  std::vector<std::string> architectures;   ///< of the plans, in their order
  std::vector<VersionDifference> packages;  ///< by name
};

VersionDifferences find_version_differences(const std::vector<NamedPlan>& plans);

/// An Error (unsatisfiable) that names the packages with their versions. There must be differences.
Error different_versions_error(const VersionDifferences& differences);

}  // namespace tarn::builder
