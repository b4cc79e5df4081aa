#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/support/error.h"

namespace tarn::apk {

struct Request;

/// Who wants (or forbids) something: world itself, or a package.
struct Requirer {
  std::string package;  ///< "name-version"; empty: world
  Dependency dependency;
  std::vector<std::string> chain;  ///< who wants `package`, who wants that one, …: up to world
  Dependency world;                ///< the entry of world at the end of the chain

  bool operator==(const Requirer&) const = default;
};

enum class ProblemKind {
  missing_name,       ///< nothing has or provides the name
  virtual_name,       ///< only provided without version: one must be named
  wrong_version,      ///< the name exists, no candidate satisfies all who require it
  conflict,           ///< two packages that exclude each other are both needed
  masked,             ///< a candidate exists but may not be chosen (tag, architecture, broken)
  broken_constraint,  ///< an entry of world whose version does not follow the grammar
  missing_tag,        ///< an entry of world with a tag that no repository has
};

/// One reason why there is no plan.
struct Problem {
  ProblemKind kind = ProblemKind::missing_name;
  std::string name;                     ///< the name or the package label it is about
  std::vector<Requirer> required_by;    ///< satisfied or not
  std::vector<Requirer> violated;       ///< constraints that the candidate breaks
  std::vector<std::string> candidates;  ///< labels that exist: other versions, providers, rivals
  std::string reason;                   ///< of a masked one: "architecture armhf", "@testing", …
  std::vector<std::size_t> candidate_repositories;  ///< number of the repository, by candidate
  std::vector<std::string> shared_names;            ///< of a conflict: what both sides provide
  std::vector<std::string> suggestions;             ///< of a missing name: names much like it
};

/// What a person calls the things in a request.
struct Origins {
  /// Where an entry of world was written ("recipe.yaml:9"); empty when unknown. May be unset.
  std::function<std::string(const Dependency&)> world;
  /// By number of the repository ("v3.22/main"); may be shorter or empty.
  std::vector<std::string> repository_labels;
};

/// An Error (unsatisfiable) that tells the problems: what is missing or in conflict, who requires
/// it, what exists instead, and a hint. At most a dozen lines: the first problem is told in full,
/// the others in a line each.
Error explain(const std::vector<Problem>& problems, const Request& request,
              const Origins& origins = {});

}  // namespace tarn::apk
