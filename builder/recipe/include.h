#pragma once

#include <string_view>

#include "builder/recipe/load.h"
#include "builder/recipe/schema.h"

namespace tarn::builder {

/// Reads `text`, and merges what it includes beneath it: a local path (looked for in the folder of
/// the including recipe, then in options.include_paths), or `https://…#sha256=HEX`, whose content
/// must have that digest. Throws Error (usage) for anything else, for a cycle and for a chain of
/// more than 16; Error (trust) for another digest.
RecipeDocument read_with_includes(std::string_view text, const Origin& origin,
                                  const LoadOptions& options);

/// The text of a local recipe through options.read, or from disk.
std::string read_recipe_file(const std::filesystem::path& file, const LoadOptions& options);

}  // namespace tarn::builder
