#pragma once

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
};

enum class ProblemKind {
  missing_name,   ///< nothing has or provides the name
  virtual_name,   ///< only provided without version: one must be named
  wrong_version,  ///< the name exists, no candidate satisfies all who require it
  conflict,       ///< two packages that exclude each other are both needed
  masked,         ///< a candidate exists but may not be chosen (tag, architecture, broken)
};

/// One reason why there is no plan.
struct Problem {
  ProblemKind kind = ProblemKind::missing_name;
  std::string name;                     ///< the name or the package label it is about
  std::vector<Requirer> required_by;    ///< satisfied or not
  std::vector<Requirer> violated;       ///< constraints that the candidate breaks
  std::vector<std::string> candidates;  ///< labels that exist: other versions, providers, rivals
  std::string reason;                   ///< of a masked one: "architecture armhf", "@testing", …
};

/// An Error (unsatisfiable) that tells the problems: what is missing or in conflict, who requires
/// it, what exists instead, and a hint.
Error explain(const std::vector<Problem>& problems, const Request& request);

}  // namespace tarn::apk
