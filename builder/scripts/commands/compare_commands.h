#pragma once

#include <span>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// Commands that compare files or take their digests: md5sum sha1sum sha256sum sha512sum cksum cmp
/// diff.
std::span<const Command> compare_commands();

int run_digest(const Invocation& invocation);
int run_cksum(const Invocation& invocation);
int run_cmp(const Invocation& invocation);
int run_diff(const Invocation& invocation);
std::optional<std::string> unsupported_digest(KnownArguments arguments);
std::optional<std::string> unsupported_cmp(KnownArguments arguments);
std::optional<std::string> unsupported_diff(KnownArguments arguments);

}  // namespace tarn::builder
