#pragma once

#include <cstddef>
#include <vector>

#include "apk/solver/diagnosis.h"
#include "apk/solver/trials.h"

namespace tarn::apk {

/// Asks a complete search whether `world`, for which apk's search ended with `problems`, has a
/// solution after all. If so, looks for the fewest entries that lead apk's search to a plan when
/// they are added to world; only what was tried is told. Where each of the `causes` comes with a
/// choice of providers to name there is nothing to look for.
SecondOpinion ask_second_opinion(const std::vector<Dependency>& world,
                                 const std::vector<Problem>& problems,
                                 const std::vector<Problem>& causes, std::size_t most_steps,
                                 Trials& trials);

}  // namespace tarn::apk
