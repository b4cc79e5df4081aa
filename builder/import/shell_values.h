#pragma once

#include <optional>
#include <string>
#include <vector>

#include "builder/import/variables.h"
#include "builder/scripts/shell_syntax.h"

namespace tarn::builder {

/// What a word stands for where that can be told without running anything: parameters that have a
/// known value are replaced and split as a shell does; nothing for all else.
std::optional<std::vector<std::string>> word_values(const ShellWord& word,
                                                    const Variables& variables);

/// As word_values(), for words that are not split.
std::optional<std::string> word_value(const ShellWord& word, const Variables& variables);

/// A command on one line, as a person would know it again; what is long or nested is "…".
std::string show_command(const ShellCommand& command);

}  // namespace tarn::builder
