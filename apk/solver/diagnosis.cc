#include "apk/solver/diagnosis.h"

#include <utility>

#include "apk/solver/reduction.h"
#include "apk/solver/remedy.h"
#include "apk/solver/second_opinion.h"
#include "apk/solver/suggestion.h"
#include "apk/solver/trials.h"

namespace tarn::apk {
namespace {

/// Looking for names is slow, and nobody reads more.
constexpr std::size_t kMostSuggestedFor = 8;
constexpr std::size_t kMostRemedied = 3;

void add_suggestions(const Universe& universe, std::vector<Problem>& problems) {
  std::size_t done = 0;
  for (Problem& problem : problems) {
    if (problem.kind != ProblemKind::missing_name) continue;
    if (done++ == kMostSuggestedFor) return;
    problem.suggestions = suggest_names(universe, problem.name);
  }
}

}  // namespace

Diagnosis diagnose(Universe& universe, const Request& request, std::vector<Problem> problems,
                   const DiagnosisLimits& limits) {
  const std::vector<Dependency>& world = request.world;
  Diagnosis diagnosis;
  add_suggestions(universe, problems);
  // What is left of the first share goes to the second.
  const std::size_t share = limits.trials / 2;
  Trials trials(universe, request, share);
  diagnosis.causes = reduce(world, problems, trials);
  for (std::size_t i = 0; i < diagnosis.causes.size() && i < kMostRemedied; ++i) {
    add_remedies(diagnosis.causes[i], world, problems.size(), trials);
  }
  Trials others(universe, request, limits.trials - share + trials.left());
  diagnosis.second_opinion =
      ask_second_opinion(world, problems, diagnosis.causes, limits.search_steps, others);
  diagnosis.problems = std::move(problems);
  return diagnosis;
}

}  // namespace tarn::apk
