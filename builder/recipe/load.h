#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apk/support/url.h"
#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// How to load a recipe, and what loading needs of the world.
struct LoadOptions {
  std::optional<std::string> variant;                ///< empty: the recipe without a variant
  std::map<std::string, std::string> vars;           ///< over the recipe's `vars`
  std::vector<std::filesystem::path> include_paths;  ///< searched for includes, after the folder of
                                                     ///< the including recipe
  /// Brings what lies at an https URL. Without it, a recipe that includes one does not load.
  std::function<std::string(const Url&)> fetch;
  /// Reads a local file; by default from disk.
  std::function<std::string(const std::filesystem::path&)> read;
};

/// Reads the recipe at `file`, merges what it includes, and the variant over it. Throws Error
/// (usage) that begins with "FILE:LINE:COLUMN: " where a place in a recipe is at fault.
Recipe load_recipe(const std::filesystem::path& file, const LoadOptions& options = {});

/// As load_recipe(), from a text; `name` is what positions call it, and its folder is what relative
/// paths count from.
Recipe load_recipe_text(std::string_view text, const std::string& name,
                        const LoadOptions& options = {});

/// The names of the variants that the recipe at `file` has, includes counted in, sorted.
std::vector<std::string> variant_names(const std::filesystem::path& file,
                                       const LoadOptions& options = {});

/// A local path that `recipe` names (a key, a base image), absolute.
std::filesystem::path resolve_path(const Recipe& recipe, const std::filesystem::path& path);

}  // namespace tarn::builder
