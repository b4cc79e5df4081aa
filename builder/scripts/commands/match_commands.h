#pragma once

#include <span>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// Commands that look for patterns in text: grep egrep fgrep sed awk.
std::span<const Command> match_commands();

int run_grep(const Invocation& invocation);
std::optional<std::string> unsupported_grep(KnownArguments arguments);

int run_sed(const Invocation& invocation);
std::optional<std::string> unsupported_sed(KnownArguments arguments);

int run_awk(const Invocation& invocation);
std::optional<std::string> unsupported_awk(KnownArguments arguments);

}  // namespace tarn::builder
