#include "apk/solver/problem.h"

#include <algorithm>

namespace tarn::apk {

std::string_view code_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::missing_name:
      return "missing-name";
    case ProblemKind::virtual_name:
      return "virtual-name";
    case ProblemKind::wrong_version:
      return "wrong-version";
    case ProblemKind::conflict:
      return "conflict";
    case ProblemKind::masked_tag:
      return "masked-tag";
    case ProblemKind::masked_architecture:
      return "masked-architecture";
    case ProblemKind::masked_network:
      return "masked-network";
    case ProblemKind::broken_package:
      return "broken-package";
    case ProblemKind::broken_constraint:
      return "broken-constraint";
    case ProblemKind::missing_tag:
      return "missing-tag";
  }
  return "unknown";
}

bool is_same_problem(const Problem& a, const Problem& b) {
  if (a.kind != b.kind) return false;
  if (a.name == b.name) return true;
  if (a.kind != ProblemKind::conflict) return false;
  // The two sides of a conflict may have changed places.
  const auto has = [](const Problem& problem, const std::string& name) {
    return std::find(problem.candidates.begin(), problem.candidates.end(), name) !=
           problem.candidates.end();
  };
  return has(a, b.name) && has(b, a.name);
}

}  // namespace tarn::apk
