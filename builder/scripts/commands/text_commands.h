#pragma once

#include <span>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// Commands that pass text on, whole or in part: cat tac rev tee wc head tail sort uniq tr cut seq
/// expr base64.
std::span<const Command> text_commands();

int run_cat(const Invocation& invocation);
int run_tac(const Invocation& invocation);
int run_rev(const Invocation& invocation);
int run_tee(const Invocation& invocation);
int run_wc(const Invocation& invocation);
int run_base64(const Invocation& invocation);
std::optional<std::string> unsupported_cat(KnownArguments arguments);
std::optional<std::string> unsupported_tee(KnownArguments arguments);
std::optional<std::string> unsupported_wc(KnownArguments arguments);
std::optional<std::string> unsupported_base64(KnownArguments arguments);
/// Of commands that have no options at all.
std::optional<std::string> unsupported_without_options(KnownArguments arguments);

int run_head(const Invocation& invocation);
int run_tail(const Invocation& invocation);
std::optional<std::string> unsupported_head(KnownArguments arguments);
std::optional<std::string> unsupported_tail(KnownArguments arguments);

int run_sort(const Invocation& invocation);
std::optional<std::string> unsupported_sort(KnownArguments arguments);
int run_uniq(const Invocation& invocation);
std::optional<std::string> unsupported_uniq(KnownArguments arguments);
int run_tr(const Invocation& invocation);
std::optional<std::string> unsupported_tr(KnownArguments arguments);
int run_cut(const Invocation& invocation);
std::optional<std::string> unsupported_cut(KnownArguments arguments);
int run_seq(const Invocation& invocation);
std::optional<std::string> unsupported_seq(KnownArguments arguments);
int run_expr(const Invocation& invocation);

}  // namespace tarn::builder
