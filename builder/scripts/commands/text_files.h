#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/command.h"
#include "builder/scripts/commands/file_access.h"

namespace tarn::builder {

/// Reads an operand: a file's text, or the whole input for "-". Gives 0 or an errno; EISDIR comes
/// when it is a directory, which could be opened but not read.
int read_operand(const Invocation& invocation, std::string_view name, std::string& text);

/// The same; what cannot be opened or read is complained of as "NAME: No such file or directory".
bool read_or_complain(const Invocation& invocation, std::string_view name, std::string& text);

/// Writes what was gathered for the output and empties it, as must be done before a complaint.
/// False when it cannot be written.
bool flush(const Invocation& invocation, std::string& out);

/// A line of a text.
struct TextLine {
  std::string_view text;  ///< without its newline
  bool ended = true;      ///< false of a last line without one
};

/// The lines of a text, which must outlive them. Spends a step for each. Throws NotNative for a
/// NUL, which would end a line for busybox in ways of each command's own.
std::vector<TextLine> split_lines(const Invocation& invocation, std::string_view text);

}  // namespace tarn::builder
