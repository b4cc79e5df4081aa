#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "builder/scripts/command.h"
#include "builder/scripts/shell_state.h"

namespace tarn::builder {

class Shell;

using Environment = std::map<std::string, std::string, std::less<>>;

/// The state of a shell that starts with these variables.
ShellState initial_shell_state(std::string name, const Environment& environment,
                               std::string directory);

/// Sets an option a shell is started with ("-e", "-eu"); false when it has another meaning.
bool set_process_option(ShellOptions& options, std::string_view option);

/// An applet of busybox that starts other commands or shells.
struct ProcessCommand {
  std::string_view name;
  int (*run)(Shell& shell, std::span<const std::string> arguments, const Environment& environment);
  std::optional<std::string> (*unsupported)(KnownArguments arguments);
};

/// sh, ash and env; null for any other name.
const ProcessCommand* find_process_command(std::string_view name);

}  // namespace tarn::builder
