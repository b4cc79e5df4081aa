#pragma once

#include <span>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// Commands that run or find others, and one that tells the system: xargs which logger.
std::span<const Command> running_commands();

int run_xargs(const Invocation& invocation);
std::optional<std::string> unsupported_xargs(KnownArguments arguments);

}  // namespace tarn::builder
