#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "apk/solver/choice.h"
#include "apk/solver/selection.h"
#include "builder/report/chains.h"
#include "builder/report/plan_graph.h"

namespace tarn::builder {

/// Why a package is in the plan.
struct Presence {
  std::size_t package = 0;         ///< number in the plan
  std::vector<std::string> names;  ///< by which it is asked for, its own first
  Chains chains;                   ///< to it
  std::vector<apk::Rival> rivals;  ///< others that have one of `names`, each once
};

/// A package that is not in the plan, though repositories have it.
struct Absence {
  apk::PackageId package = apk::kNoPackage;
  std::optional<apk::Loss> obstacle;  ///< what keeps it out even where it is asked for
  /// Names that it has, and that another package of the plan answers to.
  struct Taken {
    apk::NameId name = 0;
    apk::PackageId by = apk::kNoPackage;
    apk::Loss loss;
  };
  std::vector<Taken> taken;
  std::vector<apk::Dependency> conditions;  ///< its install_if
  /// Packages of the repositories that need something it has, and the plan lacks.
  std::vector<apk::PackageId> needed_by;
};

/// What there is to say of a name in a plan.
struct Answer {
  std::string query;
  std::vector<Presence> present;  ///< packages of the plan that have the name
  std::vector<Absence> absent;    ///< without `present`: packages of the repositories that have it
  std::vector<std::string> similar;  ///< without both: names much like it
};

/// The packages of the plan that a person means by `query`: a name, a label ("curl-8.5.0-r0"), or a
/// name that packages provide. By number in the plan.
std::vector<std::size_t> find_planned(const apk::Selection& selection, const std::string& query);

/// Why the packages that have the name `query` are in the plan, or are not. `query` may also be a
/// package's label ("curl-8.5.0-r0"). `most`: as for find_chains().
Answer explain_presence(const apk::Selection& selection, const PlanGraph& graph,
                        const std::string& query, std::size_t most);

/// One package of a plan in a few words, for tables.
struct Reason {
  std::optional<std::size_t> wish;  ///< the recipe's line that wants it
  std::optional<Link> link;         ///< else the first link of a shortest chain that leads to it
  std::vector<apk::Rival> rivals;
};

/// A reason for each package of the plan.
std::vector<Reason> find_reasons(const apk::Selection& selection, const PlanGraph& graph);

}  // namespace tarn::builder
