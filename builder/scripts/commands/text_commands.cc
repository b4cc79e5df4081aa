#include "builder/scripts/commands/text_commands.h"

#include <array>

#include "builder/scripts/commands/options.h"

namespace tarn::builder {

namespace {

constexpr std::array<Command, 14> text_table{{
    {"cat", run_cat, unsupported_cat},
    {"tac", run_tac, unsupported_without_options},
    {"rev", run_rev, unsupported_without_options},
    {"tee", run_tee, unsupported_tee},
    {"wc", run_wc, unsupported_wc},
    {"head", run_head, unsupported_head},
    {"tail", run_tail, unsupported_tail},
    {"sort", run_sort, unsupported_sort},
    {"uniq", run_uniq, unsupported_uniq},
    {"tr", run_tr, unsupported_tr},
    {"cut", run_cut, unsupported_cut},
    {"seq", run_seq, unsupported_seq},
    {"expr", run_expr, nothing_unsupported},
    {"base64", run_base64, unsupported_base64},
}};

}  // namespace

std::span<const Command> text_commands() {
  return text_table;
}

std::optional<std::string> unsupported_without_options(KnownArguments arguments) {
  return unsupported_option(arguments, OptionRules{});
}

}  // namespace tarn::builder
