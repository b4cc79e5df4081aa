#pragma once

#include <span>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// Commands that print their arguments or test them: echo printf test [ true false. As the shell's
/// own they complain in the name of the shell: "sh: a: unknown operand".
std::span<const Command> print_commands();

/// Writes "sh: text\n" to the error stream, as commands do that the shell itself carries out.
void complain_as_shell(const Invocation& invocation, std::string_view text);

int run_echo(const Invocation& invocation);
int run_printf(const Invocation& invocation);
int run_test(const Invocation& invocation);

}  // namespace tarn::builder
