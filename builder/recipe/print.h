#pragma once

#include <string>

#include "builder/recipe/recipe.h"

namespace tarn::builder {

enum class RecipeFormat { yaml, json };

/// The canonical text of a recipe: keys in the order of the reference, defaults left out, mappings
/// sorted, permissions octal (in JSON decimal). Loaded again under the same name it gives the same
/// recipe, but for credentials in URLs, which are shown as "***".
std::string print_recipe(const Recipe& recipe, RecipeFormat format = RecipeFormat::yaml);

}  // namespace tarn::builder
