#pragma once

#include <vector>

#include "apk/solver/trials.h"

namespace tarn::apk {

/// Tries changes of `world` that may make `cause`, one of its `problem_count` problems, go away,
/// and adds those that do to it: the best first. No change makes new problems.
void add_remedies(Problem& cause, const std::vector<Dependency>& world, std::size_t problem_count,
                  Trials& trials);

}  // namespace tarn::apk
