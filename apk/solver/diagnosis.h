#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "apk/solver/problem.h"
#include "apk/solver/universe.h"

namespace tarn::apk {

/// What a complete search says of a world that apk's search, which never goes back, has no plan
/// for.
enum class Verdict {
  not_asked,
  impossible,  ///< no choice of packages satisfies everything
  possible,    ///< some choice does
  unknown,     ///< the search was ended by its bound
};

struct SecondOpinion {
  Verdict verdict = Verdict::not_asked;
  /// Entries that, added to world, lead apk's search to a plan: tried, and as few as were found.
  /// Empty where none were found.
  std::vector<Dependency> additions;
};

/// What there is to know of a world without a plan.
struct Diagnosis {
  std::vector<Problem> problems;  ///< all that the failed search left: never empty
  /// The problems reduced to what is needed to understand them, without those that only follow
  /// from another: what a person is told. Likely causes come first; never empty.
  std::vector<Problem> causes;
  SecondOpinion second_opinion;
};

/// How much work a diagnosis may take. It is counted, not timed, so the same question always has
/// the same answer.
struct DiagnosisLimits {
  std::size_t trials = 96;               ///< worlds that are tried
  std::size_t search_steps = 2'000'000;  ///< of the complete search: one is a few nanoseconds
};

/// Finds out about a request for which solve_in() gave `problems`. `universe` is of the request's
/// repositories and installed packages.
Diagnosis diagnose(Universe& universe, const Request& request, std::vector<Problem> problems,
                   const DiagnosisLimits& limits = {});

}  // namespace tarn::apk
