#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "builder/import/recipe_draft.h"
#include "builder/import/variables.h"

namespace tarn::builder {

struct ImportOptions {
  Variables build_arguments;      ///< over the defaults of ARG
  std::string target;             ///< the stage to carry over; empty: the last
  std::filesystem::path context;  ///< the folder that COPY reads from
};

/// A Dockerfile as a recipe. What has no counterpart in a recipe is left out, each with its reason;
/// of several stages only the target, and those it is made FROM, count. Throws Error (usage) for
/// what is no Dockerfile, or has no such stage.
RecipeDraft import_dockerfile(std::string_view text, const ImportOptions& options);

}  // namespace tarn::builder
