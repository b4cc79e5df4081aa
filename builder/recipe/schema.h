#pragma once

#include <map>
#include <optional>
#include <string>

#include "builder/recipe/origin.h"
#include "builder/recipe/recipe.h"
#include "builder/recipe/yaml.h"

namespace tarn::builder {

/// What one text says, before it is merged with others: a Recipe, but for the keys whose absence a
/// Recipe cannot show. Those count, not the recipe's own.
struct RecipePart {
  Recipe recipe;
  std::optional<ScriptPolicy> script_policy;
  std::optional<Compression> compression;
  std::optional<ApkDatabase> apk_database;
};

/// One recipe file: its own part, what it includes, and its variants.
struct RecipeDocument {
  RecipePart part;
  std::optional<Located> include;
  std::map<std::string, RecipePart> variants;
};

/// Reads a document by the schema: apko's keys and tarn's. Relative paths are rewritten to count
/// from the recipe's folder (those of `files` and a skeleton's become absolute). Throws Error
/// (usage) with the position of the first thing that is wrong.
RecipeDocument decode_document(const YamlNode& node, const Origin& origin);

}  // namespace tarn::builder
