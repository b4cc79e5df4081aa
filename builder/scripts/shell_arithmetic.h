#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "builder/scripts/script_budget.h"

namespace tarn::builder {

/// An expression that busybox' ash refuses too, with its words: "divide by zero".
class ArithmeticFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The variables an expression works on. `set` may throw what its owner likes.
struct ArithmeticVariables {
  std::function<std::optional<std::string>(const std::string& name)> get;
  std::function<void(const std::string& name, const std::string& value)> set;
};

/// The value of a shell expression: C's integer operators on 64 bits that wrap around, "**",
/// assignments; a variable's value is an expression itself. An empty one is 0. Throws
/// ArithmeticFault; NotNative where versions of busybox differ (a part that C does not evaluate has
/// an effect or a fault; a conditional directly inside a conditional's first choice); Error when a
/// bound is reached.
std::int64_t evaluate_arithmetic(std::string_view expression, const ArithmeticVariables& variables,
                                 ScriptBudget& budget);

}  // namespace tarn::builder
