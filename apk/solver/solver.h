#pragma once

#include <string>
#include <variant>
#include <vector>

#include "apk/index/binary_index.h"
#include "apk/model/dependency.h"
#include "apk/model/package.h"
#include "apk/solver/problem.h"

namespace tarn::apk {

/// An index the solver may choose from. The order of repositories counts (spec: solver).
struct SolverRepository {
  const BinaryIndex* index = nullptr;
  std::string tag;  ///< without '@'; empty: untagged
};

/// World to plan: what the solver is asked.
struct Request {
  std::vector<std::string> architectures;  ///< packages of these, and `noarch`, may be installed
  std::vector<SolverRepository> repositories;
  std::vector<Dependency> world;
};

/// One package of a plan.
struct PlannedPackage {
  Package package;
  std::size_t repository = 0;  ///< the lowest-numbered one that has it and may be used for it
  std::string tag;             ///< of that repository, where it was taken because of a pinning
};

/// The packages of one architecture in install order.
struct Plan {
  std::vector<PlannedPackage> packages;
};

/// The plan apk would make for an empty root, or why there is none. Throws Error (usage) for more
/// repositories than a request may have (63).
std::variant<Plan, std::vector<Problem>> solve(const Request& request);

/// solve(), with problems thrown as Error (unsatisfiable) made by explain().
Plan resolve(const Request& request, const Origins& origins = {});

}  // namespace tarn::apk
