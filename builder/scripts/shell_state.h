#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builder/scripts/script_stream.h"
#include "builder/scripts/shell_syntax.h"
#include "builder/scripts/shell_variables.h"

namespace tarn::builder {

/// What `set` switches.
struct ShellOptions {
  bool exit_on_error = false;   ///< -e
  bool no_globs = false;        ///< -f
  bool unset_is_error = false;  ///< -u
  bool no_clobber = false;      ///< -C
  bool export_all = false;      ///< -a
  bool pipe_fail = false;       ///< -o pipefail
};

/// All that a subshell has a copy of.
struct ShellState {
  std::string name;  ///< $0
  /// What complaints name after $0: the script, the builtin that runs; none for sh -c.
  std::optional<std::string> speaker;
  std::vector<std::string> arguments;
  ShellVariables variables;
  std::map<std::string, CommandPointer, std::less<>> functions;
  std::map<std::string, std::string, std::less<>> traps;  ///< by name of the signal, or "EXIT"
  std::map<int, std::shared_ptr<ScriptStream>> descriptors;
  ShellOptions options;
  std::string directory = "/";  ///< as `pwd` gives it
  std::uint32_t umask = 022;
  int status = 0;                ///< $?
  std::size_t line = 0;          ///< of the command that runs
  std::size_t loops = 0;         ///< that the command that runs is in
  std::size_t functions_in = 0;  ///< calls of functions that the command that runs is in
  std::size_t subshells_in = 0;
  std::size_t option_offset = 0;  ///< getopts: where in a cluster of letters it is

  /// About how many octets a copy of it takes.
  std::size_t size() const {
    std::size_t size = variables.size();
    for (const auto& argument : arguments) size += argument.size() + sizeof(argument);
    return size + 64 * (functions.size() + traps.size() + descriptors.size());
  }
};

}  // namespace tarn::builder
