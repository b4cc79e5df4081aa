#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apk/model/dependency.h"

namespace tarn::apk {

/// A package ("name-version") and something that it wants.
struct ChainLink {
  std::string package;
  Dependency dependency;

  bool operator==(const ChainLink&) const = default;
};

/// Who wants (or forbids) something: world itself, or a package.
struct Requirer {
  std::string package;  ///< "name-version"; empty: world
  Dependency dependency;
  std::vector<ChainLink> chain;  ///< who wants `package`, who wants that one, …: up to world
  Dependency world;              ///< the entry of world at the end of the chain

  bool operator==(const Requirer&) const = default;
};

enum class ProblemKind {
  missing_name,         ///< nothing has or provides the name
  virtual_name,         ///< only provided without version: one must be named
  wrong_version,        ///< the name exists, what was chosen does not satisfy all who require it
  conflict,             ///< two packages that exclude each other are both needed
  masked_tag,           ///< only in repositories with a tag that is not asked for
  masked_architecture,  ///< only for other machines
  masked_network,       ///< only in repositories that cannot be reached
  broken_package,       ///< a package that can never be installed, as its repository has it
  broken_constraint,    ///< an entry of world whose version does not follow the grammar
  missing_tag,          ///< an entry of world with a tag that no repository has
};

/// The name programs know a kind by; it never changes: "missing-name", "wrong-version", ….
std::string_view code_of(ProblemKind kind);

/// A change of world: an entry to add, in place of another or besides all.
struct WorldEdit {
  Dependency entry;
  std::optional<Dependency> instead_of;

  bool operator==(const WorldEdit&) const = default;
};

/// What may have been meant by a name that nothing has.
struct Suggestion {
  std::string name;  ///< what to write
  std::string why;   ///< "has the command dig"; empty: the names are much alike

  bool operator==(const Suggestion&) const = default;
};

/// One reason why there is no plan.
struct Problem {
  ProblemKind kind = ProblemKind::missing_name;
  std::string name;                     ///< the name or the package label it is about
  std::vector<Requirer> required_by;    ///< satisfied or not
  std::vector<Requirer> violated;       ///< constraints that the candidate breaks
  std::vector<std::string> candidates;  ///< labels that exist: other versions, providers, rivals
  std::string reason;                   ///< of a masked or broken one: "armhf", "@testing", …
  std::vector<std::size_t> candidate_repositories;  ///< number of the repository, by candidate
  std::vector<std::string> shared_names;            ///< of a conflict: what both sides provide
  std::vector<Requirer> rival_required_by;          ///< of a conflict: who wants the other side
  std::vector<Suggestion> suggestions;              ///< of a missing name: the likeliest first
  std::string chosen;                 ///< of a wrong version: what was chosen all the same
  std::vector<std::string> suitable;  ///< of a wrong version: candidates that suit all
  /// Of a reduced problem: entries of world that lead to it by themselves. Without any one of them
  /// it is gone.
  std::vector<Dependency> core;
  /// Of a reduced problem: changes of world each of which was tried and makes it go away.
  std::vector<WorldEdit> remedies;
};

/// Whether both are about the same thing, though perhaps told by others.
bool is_same_problem(const Problem& a, const Problem& b);

/// What a person calls the things in a request.
struct Origins {
  /// Where an entry of world was written ("recipe.yaml:9"); empty when unknown. May be unset.
  std::function<std::string(const Dependency&)> world;
  /// By number of the repository ("v3.22/main"); may be shorter or empty.
  std::vector<std::string> repository_labels;
};

}  // namespace tarn::apk
