#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apk/solver/universe.h"

namespace tarn::apk {

/// Names of packages much like `name`, which nothing has: the likeliest first, at most three.
std::vector<std::string> similar_names(const Universe& universe, std::string_view name);

}  // namespace tarn::apk
