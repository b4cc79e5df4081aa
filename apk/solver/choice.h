#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/solver/selection.h"

namespace tarn::apk {

/// Why a package was not chosen for a name that it has or provides.
enum class LossReason {
  architecture,      ///< it is for another one
  broken,            ///< the index states a broken dependency for it
  tag,               ///< only in repositories with a tag that nothing allows for it
  unnamed,           ///< provides the name without version or priority, and nothing names it
  other_tag,         ///< not in the repositories that world prefers for it
  lower_version,     ///< of the name in question
  lower_priority,    ///< its provider_priority
  excluded,          ///< world or a chosen package wants another version of it, or not to have it
  unsatisfied,       ///< something that it needs itself cannot be there
  taken_name,        ///< a chosen package owns another of its names
  chosen_otherwise,  ///< the chosen one is asked for by another name, and so has this one too
  chosen_by_condition,  ///< the install_if of the chosen one holds, and so it has this name too
  later_repository,     ///< equal, but in a later repository
  later_in_repository,  ///< equal, but later in the index
  earlier_decision,     ///< it did not fit with what was decided before; no single fact says why
};

/// A stable name for data: "lower-version".
std::string_view code(LossReason reason);

/// Why a package lost; which fields are set depends on the reason.
struct Loss {
  LossReason reason = LossReason::earlier_decision;
  /// excluded: whose constraint (none: world's). unsatisfied: the chosen package that stands in the
  /// way (none: what it needs cannot be installed). taken_name: who owns the name.
  /// chosen_otherwise: who asks for the chosen one (none: world).
  PackageId by = kNoPackage;
  Dependency dependency;  ///< excluded, unsatisfied, chosen_otherwise: the constraint
  std::string name;       ///< taken_name: the name
};

/// A package that could have been chosen for a name, and was not.
struct Rival {
  PackageId package = kNoPackage;
  NameId name = 0;
  std::string_view version;  ///< of the name; empty: provided without
  Loss loss;
};

/// Who else has or provides `name`, which `chosen` (of the plan) does: in the order of versions,
/// the highest first, then of repositories. Without packages that are in the plan themselves.
std::vector<Rival> find_rivals(const Selection& selection, NameId name, PackageId chosen);

/// What keeps a package that is not in the plan from joining it, but for better ones: nothing, or
/// one of architecture, broken, tag, excluded, unsatisfied, taken_name. A name it could be chosen
/// for instead of another may be given: that one then does not count as taken.
std::optional<Loss> find_obstacle(const Selection& selection, PackageId id,
                                  std::optional<NameId> name = std::nullopt);

}  // namespace tarn::apk
