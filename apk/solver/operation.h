#pragma once

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/solver/problem.h"
#include "apk/solver/solver.h"
#include "apk/solver/transaction.h"

namespace tarn::apk {

enum class OperationKind { add, remove, upgrade, fix };

enum class OperationOption {
  recursive,        ///< remove: also what depends on the packages
  prune,            ///< upgrade: drop entries of world that no repository offers anything for
  ignore,           ///< upgrade: all but the packages
  preupgrade_only,  ///< upgrade: only what is upgraded before all else
  depends,          ///< fix: also what the packages need
};

/// What a user wants done to a root, in apk's terms.
struct Operation {
  OperationKind kind = OperationKind::add;
  /// add: constraints; else names. upgrade without any: everything. fix without any: nothing (whose
  /// files are broken is not the solver's knowledge).
  std::vector<std::string> packages = {};
  std::set<OperationOption> options = {};
  /// add, upgrade, fix: upgrade, latest, available or reinstall, of the packages. A fix without any
  /// reinstalls.
  Wish wish = Wish::none;
  /// add: `name` or `name=version` of a virtual package that needs `packages`; empty: none.
  std::string virtual_package = {};
  std::string virtual_version = "0";  ///< where `virtual_package` names none; apk takes the time
  /// upgrade: what goes before all else, if it is installed in that version, besides apk-tools;
  /// `!name` takes a name off the list.
  std::vector<std::string> preupgrade = {};
};

/// A package that was to be removed and is still there.
struct Unremoved {
  std::string name;
  std::vector<std::string> needed_by;  ///< names of packages, sorted
};

/// What came of an operation.
struct Outcome {
  std::vector<Dependency> world;  ///< from now on; by name
  Transaction transaction;
  std::vector<Unremoved> unremoved;
};

/// What apk would do to the root that `root` tells of (its world is the one before the operation;
/// wishes, scope and broken_world apply, too), or why that cannot be. Throws Error (usage) for an
/// argument that is malformed or names nothing, and for too many repositories.
std::variant<Outcome, std::vector<Problem>> operate(const Request& root,
                                                    const Operation& operation);

}  // namespace tarn::apk
