#pragma once

#include <vector>

#include "apk/solver/trials.h"

namespace tarn::apk {

/// Reduces the problems of `world` to what is needed to understand them. For each, world is
/// reduced to entries that still lead to it, none of which can be left out (as QuickXplain does);
/// who requires what is taken from there, and of that only as much as it takes. Problems that
/// another one's few entries lead to as well follow from it and are left out.
std::vector<Problem> reduce(const std::vector<Dependency>& world,
                            const std::vector<Problem>& problems, Trials& trials);

}  // namespace tarn::apk
