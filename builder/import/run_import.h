#pragma once

#include <string>

#include "builder/import/dockerfile.h"
#include "builder/import/recipe_draft.h"
#include "builder/import/variables.h"

namespace tarn::builder {

/// Where and with what a RUN's commands run.
struct RunSurroundings {
  Variables variables;       ///< of ENV and ARG
  std::string folder = "/";  ///< WORKDIR
  /// What `apk add --virtual NAME` put under a name; it lasts from one RUN to the next.
  std::map<std::string, std::vector<std::string>, std::less<>>& virtual_packages;
};

/// Carries the commands of a RUN over into the recipe: packages, accounts, folders, links, small
/// files, owners and modes. Each command that has no counterpart there is left out, with a reason.
void import_run(const DockerInstruction& instruction, const RunSurroundings& surroundings,
                RecipeDraft& draft);

}  // namespace tarn::builder
