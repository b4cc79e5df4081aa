#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "apk/model/repository.h"
#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// The repositories that packages are resolved with: `build_repositories`, then `repositories`,
/// each once, in the order written. `${NAME}` is replaced from recipe.vars; relative local paths
/// count from the recipe's folder. Throws Error (usage) with the position of the line that is
/// wrong.
std::vector<apk::Repository> repositories_to_resolve(const Recipe& recipe);

/// The same repositories in the same order, with local paths as the recipe has them: what can be
/// said of them wherever the recipe lies.
std::vector<apk::Repository> repositories_as_written(const Recipe& recipe);

/// The repositories that the image's etc/apk/repositories lists: `runtime_repositories`, then
/// `repositories`, each once, without credentials. A local path in `repositories` is one of the
/// machine that builds, and left out; one in `runtime_repositories` is one of the image.
std::vector<apk::Repository> repositories_for_image(const Recipe& recipe);

/// Substitutes by URL prefix, from `mirrors`.
std::map<std::string, std::vector<Url>> repository_mirrors(const Recipe& recipe);

/// The names of the variables that the repository lines use.
std::set<std::string> variables_used(const Recipe& recipe);

}  // namespace tarn::builder
