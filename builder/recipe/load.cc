#include "builder/recipe/load.h"

#include <set>
#include <utility>

#include <fmt/core.h>

#include "builder/recipe/include.h"
#include "builder/recipe/merge.h"
#include "builder/recipe/repositories.h"
#include "builder/recipe/spelling.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

RecipeDocument read_from(const fs::path& file, const LoadOptions& options) {
  std::error_code error;
  if (!fs::exists(file, error))
    throw Error(ErrorKind::usage, fmt::format("there is no recipe at {}", quote(file.string())));
  if (!fs::is_regular_file(file, error))
    throw Error(ErrorKind::usage, fmt::format("{} is no file", quote(file.string())));
  return read_with_includes(read_recipe_file(file, options), origin_of(file), options);
}

std::vector<std::string> names_of(const RecipeDocument& document) {
  std::vector<std::string> names;
  for (const auto& [name, part] : document.variants) names.push_back(name);
  return names;
}

RecipePart with_variant(RecipeDocument document, const std::string& file,
                        const std::optional<std::string>& variant) {
  if (!variant) return std::move(document.part);
  const auto found = document.variants.find(*variant);
  if (found != document.variants.end())
    return merge_parts(std::move(document.part), std::move(found->second));
  const auto names = names_of(document);
  throw Error(ErrorKind::usage, names.empty()
                                    ? fmt::format("{} has no variants", file)
                                    : fmt::format("{} has no variant {}", file, quote(*variant)))
      .hint(spelling_hint(*variant, names, "variants"));
}

/// A variable that is given must be one that the recipe knows: a misspelt one would change nothing.
void set_vars(Recipe& recipe, const std::map<std::string, std::string>& vars) {
  std::set<std::string> known = variables_used(recipe);
  for (const auto& [name, value] : recipe.vars) known.insert(name);
  for (const auto& [name, value] : vars) {
    if (!known.contains(name))
      throw Error(ErrorKind::usage,
                  fmt::format("{} uses no variable {}", recipe.file.string(), quote(name)))
          .hint(spelling_hint(name, {known.begin(), known.end()}, "variables"));
    recipe.vars[name] = value;
  }
}

void check_whole(const Recipe& recipe) {
  if (recipe.layering && recipe.format)
    throw recipe_error(recipe.format->position, "'format' and 'layering' exclude each other")
        .detail("layering at", recipe.layering->position.str());
  std::map<std::string, Position> keys;
  for (const auto& key : recipe.contents.runtime_keyring) {
    const auto [first, is_new] = keys.try_emplace(key.name, key.position);
    if (!is_new)
      throw recipe_error(
          key.position, fmt::format("contents.runtime_keyring: {} is given twice", quote(key.name)))
          .detail("first given at", first->second.str());
  }
  if (const auto& image = recipe.contents.baseimage) {
    for (const auto& path : {image->image, image->apkindex}) {
      std::error_code error;
      if (path.empty() || path.starts_with("docker://")) continue;
      if (fs::exists(resolve_path(recipe, path), error)) continue;
      throw recipe_error(image->position,
                         fmt::format("contents.baseimage: {} is not there", quote(path)))
          .hint(
              "a base image is an OCI layout here, or docker://NAME in a registry; paths count "
              "from "
              "the recipe's folder");
    }
  }
}

Recipe complete(RecipeDocument document, const fs::path& file, const LoadOptions& options) {
  auto recipe = to_recipe(with_variant(std::move(document), file.string(), options.variant));
  recipe.file = file;
  set_vars(recipe, options.vars);
  check_whole(recipe);
  return recipe;
}

}  // namespace

Recipe load_recipe(const fs::path& file, const LoadOptions& options) {
  return complete(read_from(file, options), file, options);
}

Recipe load_recipe_text(std::string_view text, const std::string& name,
                        const LoadOptions& options) {
  return complete(read_with_includes(text, origin_of(name), options), name, options);
}

std::vector<std::string> variant_names(const fs::path& file, const LoadOptions& options) {
  return names_of(read_from(file, options));
}

fs::path resolve_path(const Recipe& recipe, const fs::path& path) {
  return (origin_of(recipe.file).folder / path).lexically_normal();
}

}  // namespace tarn::builder
