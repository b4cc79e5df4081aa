#include "builder/scripts/commands/print_commands.h"

#include <array>

#include "builder/scripts/commands/options.h"

namespace tarn::builder {

namespace {

int succeed(const Invocation&) {
  return 0;
}
int fail(const Invocation&) {
  return 1;
}
std::optional<std::string> nothing_unsupported(KnownArguments) {
  return std::nullopt;
}

constexpr std::array<Command, 6> print_table{{
    {"echo", run_echo, nothing_unsupported},
    {"printf", run_printf, nothing_unsupported},
    {"test", run_test, nothing_unsupported},
    {"[", run_test, nothing_unsupported},
    {"true", succeed, nothing_unsupported},
    {"false", fail, nothing_unsupported},
}};

}  // namespace

std::span<const Command> print_commands() {
  return print_table;
}

void complain_as_shell(const Invocation& invocation, std::string_view text) {
  std::string line = "sh: ";
  line += text;
  line += '\n';
  invocation.error.write(line);
}

}  // namespace tarn::builder
