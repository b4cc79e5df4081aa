#pragma once

#include <string_view>

namespace tarn::builder {

/// docs/recipe.schema.json, as it was when the program was built. The build generates its source.
std::string_view recipe_schema();

}  // namespace tarn::builder
