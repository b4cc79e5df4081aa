#include <algorithm>
#include <array>

#include "builder/scripts/shell.h"
#include "builder/scripts/shell_builtins.h"
#include "builder/scripts/shell_lexer.h"

namespace tarn::builder {
namespace {

using Arguments = std::span<const std::string>;

struct ReadCall {
  bool raw = false;
  std::vector<std::string> names;
  std::string wrong_option;
  std::string unsupported_option;
};

ReadCall parse_read(KnownArguments arguments) {
  ReadCall call;
  auto words = arguments.subspan(1);
  while (!words.empty() && words.front() && words.front()->size() > 1 &&
         words.front()->starts_with('-')) {
    const auto option = *words.front();
    words = words.subspan(1);
    if (option == "--") break;
    for (std::size_t i = 1; i < option.size(); ++i) {
      const char letter = option[i];
      if (letter == 'r') {
        call.raw = true;
      } else if (letter == 'p') {
        // A prompt is shown on a terminal only.
        if (i + 1 == option.size() && !words.empty()) words = words.subspan(1);
        break;
      } else if (std::string_view("sntud").find(letter) != std::string_view::npos) {
        call.unsupported_option = std::string("option -") + letter;
      } else if (call.wrong_option.empty()) {
        call.wrong_option = std::string("-") + letter;
      }
    }
  }
  for (const auto& word : words) call.names.push_back(word.value_or("x"));
  return call;
}

/// The next line: characters that were escaped are marked as quoted. `ended` tells whether there
/// was a newline.
MarkedText read_input_line(Shell& shell, bool raw, bool& ended) {
  MarkedText line;
  auto& input = shell.stream(0);
  bool escaped = false;
  ended = false;
  for (;;) {
    const auto next = input.read(1);
    if (next.empty()) break;
    if (line.text.size() % 64 == 0) shell.budget().spend_steps();
    const char c = next.front();
    if (c == '\0') continue;
    if (escaped) {
      escaped = false;
      if (c == '\n') continue;
      line.text += c;
      line.marks += static_cast<char>(MarkedText::quoted);
      continue;
    }
    if (c == '\n') {
      ended = true;
      break;
    }
    if (c == '\\' && !raw) {
      escaped = true;
      continue;
    }
    line.text += c;
    line.marks += static_cast<char>(MarkedText::splittable);
  }
  shell.budget().spend_octets(line.text.size());
  return line;
}

/// Takes fields off the front of a line.
class FieldReader {
 public:
  FieldReader(const MarkedText& line, std::string_view separators)
      : line_(line), separators_(separators) {
    skip_blanks();
  }

  std::string take_field() {
    const auto start = at_;
    while (at_ < line_.text.size() && !is_separator(at_)) ++at_;
    auto field = line_.text.substr(start, at_ - start);
    skip_blanks();
    if (is_separator(at_)) {
      ++at_;
      skip_blanks();
    }
    return field;
  }

  /// What is left is one variable's: one field as it is, several with all that separates them.
  std::string take_rest() {
    const auto start = at_;
    auto rest = take_field();
    if (at_ < line_.text.size()) rest = line_.text.substr(start);
    // Blanks at the end go even where a backslash was before them.
    while (!rest.empty() && is_blank_character(rest.back())) rest.pop_back();
    return rest;
  }

 private:
  bool is_blank_character(char c) const {
    return separators_.find(c) != std::string_view::npos && (c == ' ' || c == '\t' || c == '\n');
  }
  bool is_separator(std::size_t at) const {
    return at < line_.text.size() && line_.marks[at] == MarkedText::splittable &&
           separators_.find(line_.text[at]) != std::string_view::npos;
  }
  void skip_blanks() {
    while (is_separator(at_) && is_blank_character(line_.text[at_])) ++at_;
  }

  const MarkedText& line_;
  std::string_view separators_;
  std::size_t at_ = 0;
};

int run_read(Shell& shell, Arguments arguments) {
  const std::vector<std::optional<std::string>> words(arguments.begin(), arguments.end());
  const auto call = parse_read(words);
  if (!call.wrong_option.empty()) shell.fail("illegal option " + call.wrong_option);
  if (!call.unsupported_option.empty()) throw NotNative("read: " + call.unsupported_option);
  for (const auto& name : call.names) {
    if (is_shell_name(name)) continue;
    shell.write_error("sh: read: '" + name + "': bad variable name\n");
    return 1;
  }
  bool ended = false;
  const auto line = read_input_line(shell, call.raw, ended);
  if (call.names.empty()) {
    shell.set_variable("REPLY", line.text);
    return ended ? 0 : 1;
  }
  const auto separators = shell.parameter("IFS").value_or(" \t\n");
  FieldReader fields(line, separators);
  for (std::size_t i = 0; i < call.names.size(); ++i) {
    const bool last = i + 1 == call.names.size();
    shell.set_variable(call.names[i], last ? fields.take_rest() : fields.take_field());
  }
  return ended ? 0 : 1;
}

std::optional<std::string> read_unsupported(KnownArguments arguments) {
  const auto call = parse_read(arguments);
  if (call.unsupported_option.empty()) return std::nullopt;
  return call.unsupported_option;
}

constexpr std::array<ShellBuiltin, 1> table = {
    {{"read", ShellBuiltin::Kind::regular, run_read, read_unsupported}}};

}  // namespace

std::span<const ShellBuiltin> input_builtins() {
  return table;
}

}  // namespace tarn::builder
