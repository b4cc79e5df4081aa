#pragma once

#include "builder/recipe/recipe.h"

namespace tarn::builder::test {

/// `recipe` with every position blank: two recipes that say the same compare equal then.
inline Recipe without_positions(Recipe recipe) {
  const auto blank = [](auto& items) {
    for (auto& item : items) item.position = {};
  };
  Contents& contents = recipe.contents;
  blank(contents.build_repositories);
  blank(contents.runtime_repositories);
  blank(contents.repositories);
  blank(contents.keyring);
  blank(contents.runtime_keyring);
  blank(contents.packages);
  if (contents.baseimage) contents.baseimage->position = {};
  blank(recipe.accounts.users);
  blank(recipe.accounts.groups);
  blank(recipe.archs);
  blank(recipe.paths);
  if (recipe.layering) recipe.layering->position = {};
  if (recipe.format) recipe.format->position = {};
  blank(recipe.certificates.additional);
  blank(recipe.files);
  blank(recipe.prune);
  return recipe;
}

}  // namespace tarn::builder::test
