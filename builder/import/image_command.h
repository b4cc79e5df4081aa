#pragma once

#include <map>
#include <string>
#include <vector>

#include "builder/import/recipe_draft.h"
#include "builder/import/variables.h"

namespace tarn::builder {

/// What the commands of a RUN leave to those that follow.
struct CommandState {
  Variables variables;
  std::string folder;  ///< the working directory
  /// What `apk add --virtual NAME` put under a name.
  std::map<std::string, std::vector<std::string>, std::less<>>& virtual_packages;

  CommandState(const CommandState&) = default;
  CommandState(Variables known, std::string at,
               std::map<std::string, std::vector<std::string>, std::less<>>& packages)
      : variables(std::move(known)), folder(std::move(at)), virtual_packages(packages) {}
  CommandState& operator=(const CommandState&) = delete;
  ~CommandState() = default;
};

/// A command with all its words known.
struct ImageCommand {
  std::vector<std::string> words;
  std::string output{};  ///< the file that takes its standard output; empty: none
  bool appends = false;  ///< at its end
  std::string input{};   ///< its here-document
};

/// Carries one command over into the recipe, whole or not at all. Gives the reason why it cannot
/// be; empty when it is done, or needs not to be.
std::string import_command(const ImageCommand& command, CommandState& state, RecipeDraft& draft);

}  // namespace tarn::builder
