#include "builder/scripts/shell_builtins.h"

#include <algorithm>
#include <array>

namespace tarn::builder {

const ShellBuiltin* find_builtin(std::string_view name) {
  const std::array groups = {control_builtins(), variable_builtins(),  set_builtins(),
                             input_builtins(),   directory_builtins(), lookup_builtins()};
  for (const auto group : groups)
    for (const auto& builtin : group)
      if (builtin.name == name) return &builtin;
  return nullptr;
}

bool is_unsupported_builtin(std::string_view name) {
  constexpr std::array<std::string_view, 11> names = {
      "[[", "alias", "bg", "fg", "help", "history", "jobs", "kill", "times", "ulimit", "unalias"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace tarn::builder
