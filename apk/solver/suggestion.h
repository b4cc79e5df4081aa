#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apk/solver/universe.h"

namespace tarn::apk {

/// What may have been meant by `name`, which nothing has: the likeliest first, at most three.
std::vector<Suggestion> suggest_names(const Universe& universe, std::string_view name);

/// As suggest_names(), without the reasons.
std::vector<std::string> similar_names(const Universe& universe, std::string_view name);

}  // namespace tarn::apk
