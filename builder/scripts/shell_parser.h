#pragma once

#include <cstddef>
#include <string_view>

#include "builder/scripts/shell_syntax.h"

namespace tarn::builder {

/// The octets a script may have: parsed it takes many times its size.
inline constexpr std::size_t largest_script = 2U << 20U;

/// Parses a shell script as busybox' ash understands it (the POSIX shell language, and of its
/// extensions $'…', ${x/a/b}, ${x:1:2}, &> and "function"). Lines are counted from `first_line`.
/// Throws Error (usage) "line N: …" for what is no such script, also for what is nested too deeply
/// or larger than largest_script.
ShellProgram parse_script(std::string_view text, std::size_t first_line = 1);

/// The text of an unquoted here-document, or of a variable whose value is expanded: only expansions
/// count in it.
ShellWord parse_document_text(std::string_view text);

}  // namespace tarn::builder
