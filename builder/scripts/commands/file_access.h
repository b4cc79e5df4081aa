#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "builder/scripts/command.h"

namespace tarn::builder {

/// What musl's strerror says of an errno that ScriptRootfs gives: "No such file or directory".
std::string_view error_text(int problem);

/// An operand as a path of ScriptRootfs: seen from the working directory, and "" stays "".
std::string path_of(const Invocation& invocation, std::string_view operand);

/// Complains "NAME: what: reason of the problem", as applets do when a call fails.
void complain_of(const Invocation& invocation, std::string_view what, int problem);

/// Writes a whole file, made with 0666 less the umask; spends from the budget. 0 or an errno.
int write_file(const Invocation& invocation, std::string_view path, std::string_view text);

/// "a/b" and "c", "a/b/" and "c": "a/b/c".
std::string join_path(std::string_view folder, std::string_view name);

/// The last part of a path without its '/' at the end; "/" of the root.
std::string last_part(std::string_view path);

/// The decimal number a text is, all of it; nothing for another text or one over `most`.
std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t most = 0xffffffff);

}  // namespace tarn::builder
