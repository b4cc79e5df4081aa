#include "builder/scripts/commands/sed_program.h"

#include <algorithm>
#include <limits>
#include <map>

#include <fmt/core.h>

#include "builder/scripts/command.h"

namespace tarn::builder {

namespace {

constexpr std::string_view spaces = " \t\n\v\f\r";
constexpr std::size_t most_commands = 10'000;

bool is_space(char c) {
  return spaces.find(c) != std::string_view::npos;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The text with "\FROM" replaced by `to`; other pairs stay as they are.
std::string replace_escape(std::string_view text, char from, char to) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      result += text[i];
    } else if (text[i + 1] == from) {
      result += to;
      ++i;
    } else {
      result += text[i];
      result += text[++i];
    }
  }
  return result;
}

/// \n, \t and \r become what they stand for wherever text or expressions are read.
std::string replace_escapes(std::string_view text) {
  return replace_escape(replace_escape(replace_escape(text, 'n', '\n'), 't', '\t'), 'r', '\r');
}

/// Every backslash taken away from before what it stands before.
std::string without_backslashes(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && ++i >= text.size()) break;
    result += text[i];
  }
  return result;
}

/// The program's lines: a newline behind a backslash ends none, and takes the place of both.
std::vector<std::string> logical_lines(const std::vector<std::string>& parts) {
  std::string whole;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) whole += '\n';
    whole += part;
  }
  std::vector<std::string> lines(1);
  bool escaped = false;
  for (const char c : whole) {
    std::string& line = lines.back();
    if (c == '\n' && escaped) {
      line.back() = '\n';
    } else if (c == '\n') {
      lines.emplace_back();
    } else {
      line += c;
    }
    escaped = c == '\\' && !escaped;
  }
  if (escaped) lines.back().back() = '\n';
  return lines;
}

/// Reads one line of a program.
class SedParser {
 public:
  SedParser(std::string_view line, RegularExpression::Syntax syntax,
            std::optional<RegularExpression>& last, SedProgram& program)
      : line_(line), syntax_(syntax), last_(last), program_(program) {}
  void parse();

 private:
  char peek() const { return at_ < line_.size() ? line_[at_] : '\0'; }
  void skip_spaces() {
    while (is_space(peek())) ++at_;
  }
  SedCommand parse_command();
  SedAddress parse_address();
  SedAddress parse_end();
  std::size_t parse_number();
  std::size_t find_delimiter(char delimiter, bool with_brackets) const;
  std::string take_part(char delimiter, bool with_brackets);
  void parse_substitution(SedCommand& command);
  void parse_flags(SedCommand& command, const std::string& pattern);
  void parse_text(SedCommand& command);
  std::string parse_file();
  void parse_pairs(SedCommand& command);
  RegularExpression compile(const std::string& pattern, bool either_case) const;

  std::string_view line_;
  RegularExpression::Syntax syntax_;
  std::optional<RegularExpression>& last_;  ///< of the addresses
  SedProgram& program_;
  std::size_t at_ = 0;
};

void SedParser::parse() {
  while (true) {
    while (is_space(peek()) || peek() == ';') ++at_;
    if (at_ >= line_.size()) return;
    if (peek() == '#') {
      const std::string_view comment = line_.substr(at_);
      if (comment == "#n" || comment.starts_with("#n\n")) program_.quiet = true;
      at_ = line_.find_first_of("\n\r", at_);
      if (at_ == std::string_view::npos) return;
      continue;
    }
    if (program_.commands.size() >= most_commands) throw NotNative("sed: a program too long");
    program_.commands.push_back(parse_command());
  }
}

RegularExpression SedParser::compile(const std::string& pattern, bool either_case) const {
  return RegularExpression(pattern, syntax_,
                           either_case ? RegularExpression::Letters::either_case
                                       : RegularExpression::Letters::as_they_are);
}

std::size_t SedParser::parse_number() {
  std::size_t number = 0;
  while (is_digit(peek())) {
    number = number * 10 + static_cast<std::size_t>(line_[at_++] - '0');
    if (number > 1'000'000'000) throw NotNative("sed: a number that large");
  }
  return number;
}

/// Where the delimiter stands that no backslash precedes, and no bracket expression holds.
std::size_t SedParser::find_delimiter(char delimiter, bool with_brackets) const {
  constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  std::size_t bracket = none;
  bool escaped = false;
  for (std::size_t i = at_; i < line_.size(); ++i) {
    const char c = line_[i];
    if (bracket != none) {
      const bool first = i == bracket + 1 || (i == bracket + 2 && line_[i - 1] == '^');
      if (c == ']' && !first) bracket = none;
    } else if (escaped) {
      escaped = false;
    } else if (c == '\\') {
      escaped = true;
    } else if (c == '[' && with_brackets) {
      bracket = i;
    } else if (c == delimiter) {
      return i;
    }
  }
  throw BadSedProgram(fmt::format("unmatched '{}'", delimiter));
}

/// What is before the delimiter; goes on behind it.
std::string SedParser::take_part(char delimiter, bool with_brackets) {
  if (delimiter == '\n' || delimiter == '\\' ||
      std::isalnum(static_cast<unsigned char>(delimiter))) {
    throw NotNative(fmt::format("sed: the delimiter '{}'", delimiter));
  }
  const std::size_t end = find_delimiter(delimiter, with_brackets);
  const std::string_view part = line_.substr(at_, end - at_);
  at_ = end + 1;
  // An escaped delimiter is what it is without the backslash, also where that means something.
  return replace_escapes(with_brackets ? replace_escape(part, delimiter, delimiter)
                                       : std::string(part));
}

SedAddress SedParser::parse_address() {
  SedAddress address;
  if (is_digit(peek())) {
    address.kind = SedAddress::Kind::line;
    address.number = parse_number();
  } else if (peek() == '$') {
    address.kind = SedAddress::Kind::last;
    ++at_;
  } else if (peek() == '/' || peek() == '\\') {
    address.kind = SedAddress::Kind::expression;
    if (peek() == '\\') ++at_;
    if (at_ >= line_.size()) throw BadSedProgram("unmatched address");
    const char delimiter = line_[at_++];
    const std::string pattern = take_part(delimiter, true);
    if (!pattern.empty()) last_ = compile(pattern, false);
    if (!last_) throw BadSedProgram("no previous regexp");
    address.expression = last_;
  }
  return address;
}

SedAddress SedParser::parse_end() {
  SedAddress address;
  if (peek() == '+' && at_ + 1 < line_.size() && is_digit(line_[at_ + 1])) {
    ++at_;
    address.kind = SedAddress::Kind::following;
    address.number = parse_number();
  } else {
    address = parse_address();
  }
  if (address.kind == SedAddress::Kind::none) throw BadSedProgram("no address after comma");
  return address;
}

void check_addresses(const SedCommand& command) {
  // A line 0 is no address at all for busybox, now and then.
  for (const SedAddress* address : {&command.begin, &command.end}) {
    if (address->kind == SedAddress::Kind::line && address->number == 0) {
      throw NotNative("sed: line 0");
    }
  }
  if (command.begin.kind == SedAddress::Kind::none && command.end.kind != SedAddress::Kind::none) {
    throw NotNative("sed: a range without a beginning");
  }
}

SedCommand SedParser::parse_command() {
  SedCommand command;
  command.begin = parse_address();
  if (peek() == ',') {
    ++at_;
    command.end = parse_end();
  }
  check_addresses(command);
  skip_spaces();
  if (peek() == '!') {
    command.inverted = true;
    ++at_;
    skip_spaces();
  }
  if (at_ >= line_.size()) throw BadSedProgram("missing command");
  command.name = line_[at_++];
  switch (command.name) {
    case 's':
      parse_substitution(command);
      break;
    case 'a':
    case 'i':
    case 'r':
      if (command.end.kind != SedAddress::Kind::none) {
        throw BadSedProgram(fmt::format("command '{}' uses only one address", command.name));
      }
      [[fallthrough]];
    case 'c':
    case 'w':
      if (command.name == 'r' || command.name == 'w') {
        command.text = parse_file();
      } else {
        parse_text(command);
      }
      break;
    case ':':
    case 'b':
    case 't':
    case 'T': {
      skip_spaces();
      const std::size_t end = std::min(line_.find_first_of("; \n\r\t\v", at_), line_.size());
      command.text = line_.substr(at_, end - at_);
      at_ = end;
      break;
    }
    case 'y':
      parse_pairs(command);
      break;
    default:
      if (std::string_view("dDgGhHnNpPqx={}").find(command.name) == std::string_view::npos) {
        throw BadSedProgram(fmt::format("unsupported command {}", command.name));
      }
  }
  return command;
}

void SedParser::parse_text(SedCommand& command) {
  while (at_ < line_.size()) {
    if (peek() == '\n' || peek() == '\\') {
      ++at_;
      break;
    }
    if (!is_space(peek())) break;
    ++at_;
  }
  command.text = without_backslashes(replace_escapes(line_.substr(std::min(at_, line_.size()))));
  at_ = line_.size();
}

std::string SedParser::parse_file() {
  skip_spaces();
  const std::size_t end = std::min(line_.find_first_of("\n\r", at_), line_.size());
  const std::string name(line_.substr(at_, end - at_));
  at_ = end;
  if (name.empty()) throw BadSedProgram("empty filename");
  if (name.starts_with("/dev/")) throw NotNative("sed: a file in /dev");
  return name;
}

void SedParser::parse_pairs(SedCommand& command) {
  if (at_ >= line_.size()) throw BadSedProgram("bad format in substitution expression");
  const char delimiter = line_[at_++];
  // Both parts are read as those of an s.
  const std::string from = take_part(delimiter, true);
  const std::string to = replace_escape(take_part(delimiter, false), delimiter, delimiter);
  for (const std::string& part : {from, to}) {
    if (part.find('\\') != std::string::npos) throw NotNative("sed: a backslash in y");
  }
  for (std::size_t i = 0; i < from.size() && i < to.size(); ++i) {
    command.text += from[i];
    command.text += to[i];
  }
}

void SedParser::parse_substitution(SedCommand& command) {
  if (at_ >= line_.size()) throw BadSedProgram("bad format in substitution expression");
  const char delimiter = line_[at_++];
  const std::string pattern = take_part(delimiter, true);
  command.text = take_part(delimiter, false);
  parse_flags(command, pattern);
}

void SedParser::parse_flags(SedCommand& command, const std::string& pattern) {
  bool either_case = false;
  // An expression that begins with '^' matches once, so how often is not asked.
  const bool once = pattern.starts_with('^');
  for (; at_ < line_.size(); ++at_) {
    const char c = line_[at_];
    if (c == ';' || c == '}' || c == '#' || c == '\n') break;
    if (is_digit(c)) {
      const std::size_t number = parse_number();
      --at_;
      if (number == 0) throw NotNative("sed: flag 0 of s");
      if (!once) command.occurrence = number;
    } else if (c == 'g') {
      if (!once) command.occurrence = 0;
    } else if (c == 'p') {
      command.prints = true;
    } else if (c == 'i' || c == 'I') {
      either_case = true;
    } else if (c == 'w') {
      ++at_;
      command.file = parse_file();
      break;
    } else if (!is_space(c)) {
      throw BadSedProgram("bad option in substitution expression");
    }
  }
  if (peek() == '#') at_ = line_.size();
  if (!pattern.empty()) command.expression = compile(pattern, either_case);
}

/// Finds the ends of blocks and where labels are.
void resolve_targets(SedProgram& program) {
  std::vector<SedCommand>& commands = program.commands;
  std::map<std::string, std::size_t, std::less<>> labels;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const SedCommand& command = commands[i];
    if (command.name == ':') {
      if (command.text.empty()) throw NotNative("sed: a label without a name");
      labels.try_emplace(command.text, i);
    } else if (command.name == '{') {
      open.push_back(i);
    } else if (command.name == '}') {
      if (open.empty()) throw NotNative("sed: } without {");
      commands[open.back()].target = i;
      open.pop_back();
    }
  }
  if (!open.empty()) throw NotNative("sed: { without }");
  for (SedCommand& command : commands) {
    if (std::string_view("btT").find(command.name) == std::string_view::npos) continue;
    const auto label = labels.find(command.text);
    if (!command.text.empty() && label == labels.end()) {
      throw BadSedProgram("can't find label for jump to '" + command.text + "'");
    }
    command.target = command.text.empty() ? commands.size() : label->second;
  }
}

}  // namespace

SedProgram parse_sed_program(const std::vector<std::string>& parts,
                             RegularExpression::Syntax syntax) {
  SedProgram program;
  std::optional<RegularExpression> last;
  for (const std::string& line : logical_lines(parts)) {
    if (line.find('\0') != std::string::npos) throw NotNative("sed: a NUL in the program");
    SedParser(line, syntax, last, program).parse();
  }
  resolve_targets(program);
  return program;
}

}  // namespace tarn::builder
