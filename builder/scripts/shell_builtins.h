#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "builder/scripts/command.h"

namespace tarn::builder {

class Shell;

/// A command that ash has in itself.
struct ShellBuiltin {
  std::string_view name;
  /// A fault of it ends the shell, and variables assigned before it stay.
  enum class Kind { regular, special };
  Kind kind = Kind::regular;
  /// Runs it and gives its status.
  int (*run)(Shell& shell, std::span<const std::string> arguments) = nullptr;
  /// As of Command; null where all calls are supported.
  std::optional<std::string> (*unsupported)(KnownArguments arguments) = nullptr;
};

/// Null when ash has none of that name, or when it is one that no script can be run with exactly.
const ShellBuiltin* find_builtin(std::string_view name);
/// Whether ash has a builtin of that name that is not to be found with find_builtin().
bool is_unsupported_builtin(std::string_view name);

std::span<const ShellBuiltin> control_builtins();
std::span<const ShellBuiltin> variable_builtins();
std::span<const ShellBuiltin> set_builtins();
std::span<const ShellBuiltin> input_builtins();
std::span<const ShellBuiltin> directory_builtins();
std::span<const ShellBuiltin> lookup_builtins();

}  // namespace tarn::builder
