#pragma once

#include <vector>

#include "apk/solver/problem.h"
#include "apk/solver/search.h"

namespace tarn::apk {

/// Entries of world that no search can use: broken versions, unknown tags.
std::vector<Problem> check_world(const Universe& universe, const std::vector<Dependency>& world);

/// Why a search that ended with failures did so: every constraint of world and of the chosen
/// packages that its decisions leave broken. Never empty. Likely causes come first.
std::vector<Problem> collect_problems(const Search& search);

}  // namespace tarn::apk
