#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/script_budget.h"
#include "builder/scripts/shell_syntax.h"

namespace tarn::builder {

/// ${x#pattern} and its kin: `value` without the shortest or longest part that matches.
std::string remove_match(std::string_view value, std::string_view pattern,
                         ParameterOperator operation, ScriptBudget& budget);

/// ${x:offset:length}, in octets. Negative numbers count from the end.
std::string substring(std::string_view value, std::int64_t offset,
                      std::optional<std::int64_t> length);

/// ${x/pattern/replacement} and ${x//…}: the longest match at the first place that has one, or at
/// all.
std::string replace_matches(std::string_view value, std::string_view pattern,
                            std::string_view replacement, ParameterOperator operation,
                            ScriptBudget& budget);

}  // namespace tarn::builder
