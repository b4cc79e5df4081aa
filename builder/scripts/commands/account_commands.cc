#include "builder/scripts/commands/account_commands.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "builder/scripts/commands/file_access.h"
#include "builder/scripts/commands/options.h"

namespace tarn::builder {
namespace {

constexpr std::string_view shells_path = "/etc/shells";

/// add-shell and remove-shell take no options; what looks like one is not built.
std::optional<std::string> option_like(KnownArguments arguments) {
  for (const auto& argument : arguments.subspan(1))
    if (argument && argument->starts_with('-')) return "operand " + *argument;
  return std::nullopt;
}

std::vector<std::string> shell_operands(const Invocation& invocation) {
  const auto operands = invocation.arguments.subspan(1);
  for (const auto& operand : operands)
    if (operand.starts_with('-'))
      throw NotNative(invocation.arguments.front() + ": operand " + operand);
  return {operands.begin(), operands.end()};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

int write_shells(const Invocation& invocation, const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text.append(line).append("\n");
  const int problem = write_file(invocation, shells_path, text);
  if (problem == 0) return 0;
  invocation.complain(fmt::format("can't open '{}.tmp': {}", shells_path, error_text(problem)));
  return 1;
}

std::optional<std::string> groups_unsupported(KnownArguments arguments) {
  return unsupported_option(arguments, {"", "", {}});
}

std::optional<std::string> whoami_unsupported(KnownArguments arguments) {
  return arguments.size() > 1 ? std::optional("its usage text") : std::nullopt;
}

constexpr std::array<Command, 12> account_table = {{
    {"add-shell", run_add_shell, option_like},
    {"addgroup", run_addgroup, addgroup_unsupported},
    {"adduser", run_adduser, adduser_unsupported},
    {"chpasswd", run_chpasswd, chpasswd_unsupported},
    {"delgroup", run_delgroup, delgroup_unsupported},
    {"deluser", run_deluser, deluser_unsupported},
    {"getent", run_getent, getent_unsupported},
    {"groups", run_groups, groups_unsupported},
    {"id", run_id, id_unsupported},
    {"passwd", run_passwd, passwd_unsupported},
    {"remove-shell", run_remove_shell, option_like},
    {"whoami", run_whoami, whoami_unsupported},
}};

}  // namespace

std::span<const Command> account_commands() {
  return account_table;
}

int run_add_shell(const Invocation& invocation) {
  std::string text;
  invocation.files.read(shells_path, text);
  auto lines = lines_of(text);
  for (const auto& shell : shell_operands(invocation))
    if (const auto known = lines_of(text);
        std::find(known.begin(), known.end(), shell) == known.end())
      lines.push_back(shell);
  return write_shells(invocation, lines);
}

int run_remove_shell(const Invocation& invocation) {
  const auto shells = shell_operands(invocation);
  std::string text;
  invocation.files.read(shells_path, text);
  auto lines = lines_of(text);
  std::erase_if(lines, [&](const std::string& line) {
    return std::find(shells.begin(), shells.end(), line) != shells.end();
  });
  return write_shells(invocation, lines);
}

}  // namespace tarn::builder
