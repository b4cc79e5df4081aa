#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tarn::builder {

/// Splits a command line into words by the quoting rules of the POSIX shell (Shell Command
/// Language, 2.2 Quoting): single quotes, double quotes (in which a backslash escapes only
/// $ ` " \ and a newline), backslashes, and a '#' where a word could begin starts a comment to the
/// end of the line. Nothing is expanded, and operators are ordinary characters.
/// Throws Error (usage) for a quote that is not closed or a backslash with nothing behind it.
std::vector<std::string> split_shell_words(std::string_view line);

}  // namespace tarn::builder
