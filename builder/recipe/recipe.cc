#include "builder/recipe/recipe.h"

#include <fmt/core.h>

namespace tarn::builder {

std::string Position::str() const {
  return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column);
}

ScriptPolicy Scripts::of(std::string_view package) const {
  const auto found = packages.find(std::string(package));
  return found == packages.end() ? policy : found->second;
}

}  // namespace tarn::builder
