#include <string>

#include "builder/scripts/commands/escape_sequence.h"
#include "builder/scripts/commands/print_commands.h"

namespace tarn::builder {

namespace {

/// Appends `text` with its escape sequences replaced; false when \c ended everything.
bool append_unescaped(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i++];
    if (c != '\\') {
      out += c;
      continue;
    }
    if (i < text.size() && text[i] == 'c') return false;
    out += read_long_escape_sequence(text, i);
  }
  return true;
}

}  // namespace

int run_echo(const Invocation& invocation) {
  bool newline = true;
  bool escapes = false;
  std::size_t first = 1;
  for (; first < invocation.arguments.size(); ++first) {
    const std::string& argument = invocation.arguments[first];
    // An argument that holds any other letter is text.
    if (argument.size() < 2 || argument[0] != '-') break;
    if (argument.find_first_not_of("neE", 1) != std::string::npos) break;
    if (argument.find('n') != std::string::npos) newline = false;
    if (argument.find('e') != std::string::npos) escapes = true;
  }
  std::string out;
  bool ended = false;
  for (std::size_t i = first; i < invocation.arguments.size() && !ended; ++i) {
    if (i > first) out += ' ';
    if (escapes) {
      ended = !append_unescaped(out, invocation.arguments[i]);
    } else {
      out += invocation.arguments[i];
    }
  }
  if (newline && !ended) out += '\n';
  return invocation.output.write(out) ? 0 : 1;
}

}  // namespace tarn::builder
