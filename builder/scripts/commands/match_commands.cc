#include "builder/scripts/commands/match_commands.h"

#include <array>

namespace tarn::builder {

namespace {

constexpr std::array<Command, 5> match_table{{
    {"grep", run_grep, unsupported_grep},
    {"egrep", run_grep, unsupported_grep},
    {"fgrep", run_grep, unsupported_grep},
    {"sed", run_sed, unsupported_sed},
    {"awk", run_awk, unsupported_awk},
}};

}  // namespace

std::span<const Command> match_commands() {
  return match_table;
}

}  // namespace tarn::builder
