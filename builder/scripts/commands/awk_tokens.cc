#include "builder/scripts/commands/awk_tokens.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "builder/scripts/command.h"
#include "builder/scripts/commands/escape_sequence.h"

namespace tarn::builder {

namespace {

using Kind = AwkToken::Kind;

constexpr std::size_t longest_program = 16'384;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr std::array<std::string_view, 15> keywords{"BEGIN", "END",    "if",    "else",     "while",
                                                    "for",   "do",     "break", "continue", "next",
                                                    "exit",  "delete", "print", "printf",   "in"};

constexpr std::array<std::string_view, 17> functions{
    "length",  "substr", "index",   "split", "sub",    "gsub", "match",    "tolower", "toupper",
    "sprintf", "int",    "getline", "close", "system", "func", "function", "nextfile"};

// Longer signs first.
constexpr std::array<std::string_view, 37> signs{
    "**=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "==",
    "!=",  "<=", ">=", ">>", "!~", "{",  "}",  "(",  ")",  "[",  "]",  ";",  ",",
    "+",   "-",  "*",  "/",  "%",  "^",  "!",  "<",  ">",  "~",  "?"};

}  // namespace

AwkTokens::AwkTokens(std::string_view program) : program_(program) {
  if (program.size() > longest_program) throw NotNative("awk: a program that long");
  if (program.find('\0') != std::string_view::npos) throw NotNative("awk: a NUL in the program");
  read();
}

void AwkTokens::take() {
  read();
}

void AwkTokens::skip_blanks() {
  while (at_ < program_.size()) {
    const char c = program_[at_];
    if (c == ' ' || c == '\t') {
      ++at_;
    } else if (c == '\\' && program_.substr(at_).starts_with("\\\n")) {
      at_ += 2;
    } else if (c == '#') {
      at_ = std::min(program_.find('\n', at_), program_.size());
    } else {
      return;
    }
  }
}

void AwkTokens::read() {
  skip_blanks();
  start_ = at_;
  token_ = {};
  if (at_ >= program_.size()) return;
  const char c = program_[at_];
  if (c == '\n') {
    ++at_;
    token_.kind = Kind::newline;
  } else if (is_digit(c) ||
             (c == '.' && at_ + 1 < program_.size() && is_digit(program_[at_ + 1]))) {
    read_number();
  } else if (c == '"') {
    read_text();
  } else if (is_letter(c)) {
    read_name();
  } else {
    read_sign();
  }
}

void AwkTokens::read_number() {
  std::size_t end = at_;
  const auto digits = [&] {
    while (end < program_.size() && is_digit(program_[end])) ++end;
  };
  digits();
  if (end < program_.size() && program_[end] == '.') {
    ++end;
    digits();
  }
  if (end < program_.size() && (program_[end] | 0x20) == 'e') {
    ++end;
    if (end < program_.size() && (program_[end] == '+' || program_[end] == '-')) ++end;
    const std::size_t exponent = end;
    digits();
    if (end == exponent) throw NotNative("awk: a number that is none");
  }
  token_.kind = Kind::number;
  token_.text = program_.substr(at_, end - at_);
  // Octal and hexadecimal numbers are busybox' own.
  const bool octal = token_.text.size() > 1 && token_.text[0] == '0' && is_digit(token_.text[1]);
  if (octal || (end < program_.size() && is_letter(program_[end]))) {
    throw NotNative("awk: the number " + token_.text);
  }
  token_.number = std::strtod(token_.text.c_str(), nullptr);
  at_ = end;
}

void AwkTokens::read_text() {
  token_.kind = Kind::text;
  ++at_;
  while (true) {
    if (at_ >= program_.size() || program_[at_] == '\n') throw NotNative("awk: a text without end");
    const char c = program_[at_++];
    if (c == '"') return;
    if (c != '\\') {
      token_.text += c;
      continue;
    }
    const std::size_t before = at_;
    const char meant = read_escape_sequence(program_, at_);
    if (meant == '\\' && at_ == before) {
      if (at_ >= program_.size() || program_[at_] == '\n') {
        throw NotNative("awk: a text without end");
      }
      token_.text += program_[at_++];
    } else {
      if (meant == '\0') throw NotNative("awk: a NUL in a text");
      token_.text += meant;
    }
  }
}

void AwkTokens::read_name() {
  std::size_t end = at_;
  while (end < program_.size() && (is_letter(program_[end]) || is_digit(program_[end]))) ++end;
  token_.text = program_.substr(at_, end - at_);
  at_ = end;
  token_.kind = Kind::name;
  if (std::find(keywords.begin(), keywords.end(), token_.text) != keywords.end()) {
    token_.kind = Kind::keyword;
  } else if (std::find(functions.begin(), functions.end(), token_.text) != functions.end()) {
    token_.kind = Kind::function_name;
  } else if (at_ < program_.size() && program_[at_] == '(') {
    throw NotNative("awk: the function " + token_.text);
  }
}

void AwkTokens::read_sign() {
  const std::string_view rest = program_.substr(at_);
  token_.kind = Kind::sign;
  for (const std::string_view sign : signs) {
    if (!rest.starts_with(sign)) continue;
    token_.text = sign;
    at_ += sign.size();
    if (sign == "**" || sign == "**=") token_.text = sign == "**" ? "^" : "^=";
    return;
  }
  if (rest.starts_with('$') || rest.starts_with(':') || rest.starts_with('=')) {
    token_.text = rest[0];
    ++at_;
    return;
  }
  throw NotNative(std::string("awk: the sign ") + rest[0]);
}

std::string AwkTokens::take_expression() {
  std::string pattern;
  at_ = start_ + 1;
  while (true) {
    if (at_ >= program_.size() || program_[at_] == '\n') {
      throw NotNative("awk: a regular expression without end");
    }
    const char c = program_[at_++];
    if (c == '/') break;
    pattern += c;
    if (c != '\\' || at_ >= program_.size()) continue;
    // Escape sequences become what they mean; any other backslash stays for the expression.
    const std::size_t before = at_;
    const char escaped = program_[before];
    const char meant = read_escape_sequence(program_, at_);
    if (at_ == before) {
      pattern += program_[at_++];
    } else {
      if (meant == '\0') throw NotNative("awk: a NUL in a regular expression");
      pattern.back() = meant;
      if (escaped == '\\') pattern += '\\';
    }
  }
  read();
  return pattern;
}

}  // namespace tarn::builder
