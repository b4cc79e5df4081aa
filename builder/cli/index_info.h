#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "builder/cli/command.h"
#include "builder/cli/recipe_options.h"

namespace tarn::builder {

/// What the indexes of a recipe's repositories say of the packages with these names (or labels, or
/// provided names): an array, one object a version, repository and architecture. Throws Error
/// (failed) for a name that nothing has.
nlohmann::ordered_json describe_indexed(const std::vector<std::string>& names,
                                        const RecipeOptions& recipe_options,
                                        const RepositoryOptions& repository_options,
                                        const Context& context);

}  // namespace tarn::builder
