#pragma once

#include <string>
#include <vector>

#include "apk/model/dependency.h"
#include "builder/lock/lock.h"
#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// What of a recipe counts for its lock; `sources` stay empty. `world` is what the recipe asks for.
/// Mirrors do not count, nor do variables by themselves. Throws Error (usage) as
/// repositories_to_resolve() does.
RecipeFacts recipe_facts(const Recipe& recipe, const std::vector<apk::Dependency>& world);

/// Something of a recipe that is not as it was when it was locked.
struct Misfit {
  /// Whether it may call for other packages, or only for another image of the same ones.
  enum class Concern { packages, image };
  std::string part;    ///< as the recipe calls it: "contents.packages", "entrypoint"
  std::string change;  ///< "added: curl", "changed"
  Concern concern = Concern::image;
  bool operator==(const Misfit&) const = default;
};

/// What does not fit any more; nothing for a lock that may be used. `architectures` are those that
/// are wanted of it.
std::vector<Misfit> find_misfits(const Lock& lock, const RecipeFacts& recipe,
                                 const std::vector<std::string>& architectures);

}  // namespace tarn::builder
