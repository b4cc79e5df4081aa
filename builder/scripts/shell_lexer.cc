#include "builder/scripts/shell_lexer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_character(char c) {
  return is_name_start(c) || is_digit(c);
}
bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

constexpr std::string_view word_ends = " \t\n;&|<>()";

}  // namespace

/// A word's parts as they are read: text is gathered until something else comes.
class ShellLexer::PartList {
 public:
  explicit PartList(std::vector<WordPart>& parts) : parts_(parts) {}
  void add_text(std::string_view text, bool quoted) {
    if (parts_.empty() || parts_.back().kind != WordPart::Kind::text ||
        parts_.back().quoted != quoted) {
      WordPart part;
      part.quoted = quoted;
      parts_.push_back(std::move(part));
    }
    parts_.back().text += text;
  }
  void add_text(char c, bool quoted) { add_text(std::string_view(&c, 1), quoted); }
  void add(WordPart part) { parts_.push_back(std::move(part)); }

 private:
  std::vector<WordPart>& parts_;
};

std::string_view ShellToken::plain() const {
  if (kind != Kind::word || word.parts.size() != 1) return {};
  const auto& part = word.parts.front();
  if (part.kind != WordPart::Kind::text || part.quoted) return {};
  return part.text;
}

bool is_shell_name(std::string_view text) {
  return !text.empty() && is_name_start(text.front()) &&
         std::all_of(text.begin(), text.end(), is_name_character);
}

ShellLexer::Nesting::Nesting(ShellLexer& lexer) : lexer_(lexer) {
  if (lexer_.depth_ >= deepest) lexer_.fail("nested too deeply");
  ++lexer_.depth_;
}

void ShellLexer::fail(const std::string& what) const {
  throw Error(ErrorKind::usage, fmt::format("line {}: {}", line_, what));
}

char ShellLexer::take() {
  const char c = text_[at_++];
  if (c == '\n') ++line_;
  return c;
}

void ShellLexer::skip_continuations() {
  while (starts_with("\\\n")) {
    at_ += 2;
    ++line_;
  }
}

void ShellLexer::skip_blanks() {
  for (;;) {
    skip_continuations();
    if (current() == ' ' || current() == '\t') {
      ++at_;
    } else if (current() == '#') {
      while (!at_end() && current() != '\n') ++at_;
    } else {
      return;
    }
  }
}

const ShellToken& ShellLexer::peek() {
  if (!has_peeked_) {
    peeked_ = read_token();
    has_peeked_ = true;
  }
  return peeked_;
}

ShellToken ShellLexer::next() {
  (void)peek();
  has_peeked_ = false;
  return std::move(peeked_);
}

ShellToken ShellLexer::read_token() {
  skip_blanks();
  ShellToken token;
  token.line = line_;
  if (at_end()) {
    read_documents();
    return token;
  }
  if (current() == '\n') {
    take();
    token.kind = ShellToken::Kind::newline;
    read_documents();
    return token;
  }
  if (is_one_of(current(), word_ends)) return read_operator();
  return read_word_token();
}

ShellToken ShellLexer::read_operator() {
  constexpr std::array<std::string_view, 21> operators = {
      "<<-", "&>>", "&&", "||", ";;", "<<", ">>", "<&", ">&", "<>", ">|",
      "&>",  ";",   "&",  "|",  "<",  ">",  "(",  ")",  "",   ""};
  ShellToken token;
  token.kind = ShellToken::Kind::operation;
  token.line = line_;
  for (const auto operation : operators) {
    if (operation.empty() || !starts_with(operation)) continue;
    token.text = operation;
    at_ += operation.size();
    break;
  }
  return token;
}

ShellToken ShellLexer::read_word_token() {
  ShellToken token;
  token.kind = ShellToken::Kind::word;
  PartList parts(token.word.parts);
  (void)read_parts(Context{}, parts);
  token.line = line_;
  token.word.line = line_;
  const auto plain = token.plain();
  if ((current() == '<' || current() == '>') && !plain.empty() && plain.size() <= 9 &&
      std::all_of(plain.begin(), plain.end(), is_digit)) {
    token.kind = ShellToken::Kind::descriptor;
    token.text = std::string(plain);
  }
  return token;
}

// Here-documents -----------------------------------------------------------------------------

void ShellLexer::expect_document(const ShellWord& delimiter, Tabs tabs,
                                 std::shared_ptr<ShellWord> document) {
  Document expected;
  for (const auto& part : delimiter.parts) {
    if (part.kind != WordPart::Kind::text) fail("an expansion in the end of a here-document");
    expected.delimiter += part.text;
    expected.quoted = expected.quoted || part.quoted;
  }
  expected.tabs = tabs;
  expected.word = std::move(document);
  documents_.push_back(std::move(expected));
}

void ShellLexer::read_documents() {
  const auto expected = std::move(documents_);
  documents_.clear();
  for (const auto& document : expected) read_document(document);
}

void ShellLexer::read_document(const Document& document) {
  std::string text;
  const auto first_line = line_;
  while (!at_end()) {
    if (document.tabs == Tabs::stripped)
      while (current() == '\t') ++at_;
    const auto end = std::min(text_.find('\n', at_), text_.size());
    std::string line(text_.substr(at_, end - at_));
    at_ = std::min(end + 1, text_.size());
    if (end < text_.size()) ++line_;
    if (line == document.delimiter) break;
    text += line;
    // A continued line goes on with the next one, which then cannot be the end.
    while (!document.quoted && !at_end() && text.ends_with('\\') &&
           (text.size() - 1 - text.find_last_not_of('\\')) % 2 == 1) {
      text.pop_back();
      const auto next_end = std::min(text_.find('\n', at_), text_.size());
      text += text_.substr(at_, next_end - at_);
      at_ = std::min(next_end + 1, text_.size());
      if (next_end < text_.size()) ++line_;
    }
    if (text_[at_ - 1] == '\n') text += '\n';
  }
  document.word->line = first_line;
  if (document.quoted) {
    PartList(document.word->parts).add_text(text, true);
    return;
  }
  ShellLexer inner(text, first_line, depth_, parse_substitution_);
  *document.word = inner.document_word();
}

ShellWord ShellLexer::document_word() {
  ShellWord word;
  word.line = line_;
  PartList parts(word.parts);
  const Nesting nesting(*this);
  Context context;
  context.quoting = Context::Quoting::document;
  while (!at_end()) read_character(context, parts);
  return word;
}

// Words --------------------------------------------------------------------------------------

bool ShellLexer::ends_here(const Context& context) const {
  return is_one_of(current(), context.ends.empty() ? word_ends : context.ends);
}

char ShellLexer::read_parts(const Context& context, PartList& parts) {
  const Nesting nesting(*this);
  for (;;) {
    skip_continuations();
    if (at_end()) {
      if (context.ends.empty()) return '\0';
      fail(context.ends == "\"" ? "unterminated quoted string" : "missing '}'");
    }
    if (ends_here(context)) return context.ends.empty() ? '\0' : take();
    read_character(context, parts);
  }
}

void ShellLexer::read_character(const Context& context, PartList& parts) {
  using Quoting = Context::Quoting;
  const bool quoted = context.quoting != Quoting::none;
  const char c = current();
  if (c == '\\') {
    read_backslash(context, parts);
  } else if (c == '$') {
    read_dollar(context, parts);
  } else if (c == '`') {
    read_backquotes(context, parts);
  } else if (c == '\'' && !quoted) {
    read_single_quotes(parts);
  } else if (c == '"' && (!quoted || context.in_braces)) {
    read_double_quotes(parts);
  } else {
    parts.add_text(take(), quoted);
  }
}

void ShellLexer::read_backslash(const Context& context, PartList& parts) {
  using Quoting = Context::Quoting;
  take();
  if (current() == '\n') {
    take();
    return;
  }
  if (at_end()) {
    parts.add_text('\\', true);
    return;
  }
  const char c = take();
  bool escapes = true;
  if (context.quoting == Quoting::document) {
    escapes = is_one_of(c, "$`\\") || (context.in_braces && is_one_of(c, "\"}"));
  } else if (context.quoting != Quoting::none) {
    escapes = is_one_of(c, "$`\\\"") || (context.in_braces && c == '}');
  }
  if (!escapes) parts.add_text('\\', true);
  parts.add_text(c, true);
}

void ShellLexer::read_single_quotes(PartList& parts) {
  take();
  const auto end = text_.find('\'', at_);
  if (end == std::string_view::npos) fail("unterminated quoted string");
  const auto text = text_.substr(at_, end - at_);
  line_ += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  at_ = end + 1;
  parts.add_text(text, true);
}

void ShellLexer::read_double_quotes(PartList& parts) {
  take();
  skip_continuations();
  if (current() == '"') parts.add_text("", true);
  Context context;
  context.quoting = Context::Quoting::double_quotes;
  context.ends = "\"";
  (void)read_parts(context, parts);
}

void ShellLexer::read_escaped_quotes(PartList& parts) {
  at_ += 2;
  std::string text;
  for (;;) {
    if (at_end()) fail("unterminated quoted string");
    const char c = take();
    if (c == '\'') break;
    if (c == '\\' && !at_end()) {
      read_escape(text);
    } else {
      text += c;
    }
  }
  parts.add_text(text, true);
}

void ShellLexer::read_escape(std::string& text) {
  constexpr std::string_view letters = "abfnrtv\\";
  constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\";
  const char c = take();
  if (const auto place = letters.find(c); place != std::string_view::npos) {
    text += meanings[place];
    return;
  }
  const bool hexadecimal = c == 'x';
  unsigned value = 0;
  std::size_t digits = 0;
  if (!hexadecimal) --at_;
  const std::size_t most = hexadecimal ? 2 : 3;
  for (; digits < most && !at_end(); ++digits) {
    const char lower = static_cast<char>(current() | 0x20);
    unsigned digit = 16;
    if (is_digit(current())) digit = static_cast<unsigned>(current() - '0');
    if (hexadecimal && lower >= 'a' && lower <= 'f')
      digit = static_cast<unsigned>(lower - 'a') + 10;
    if (digit >= (hexadecimal ? 16U : 8U)) break;
    value = value * (hexadecimal ? 16 : 8) + digit;
    ++at_;
  }
  if (digits > 0) {
    // A NUL ends the string for the shell: nothing that scripts do, and nothing to guess at.
    if ((value & 0xFFU) == 0) fail("a NUL character in $'…'");
    text += static_cast<char>(value & 0xFFU);
    return;
  }
  if (hexadecimal) {
    text += "\\x";
  } else {
    const char same = take();
    if (same != '\'' && same != '"') text += '\\';
    text += same;
  }
}

// Expansions ---------------------------------------------------------------------------------

void ShellLexer::read_dollar(const Context& context, PartList& parts) {
  using Quoting = Context::Quoting;
  const bool quoted = context.quoting != Quoting::none;
  const auto start = at_;
  take();
  skip_continuations();
  const char c = current();
  WordPart part;
  part.quoted = quoted;
  if (c == '{') {
    read_parameter_braces(context, parts);
  } else if (c == '(') {
    take();
    skip_continuations();
    if (current() == '(') {
      take();
      read_arithmetic(context, parts);
      return;
    }
    const Nesting nesting(*this);
    part.kind = WordPart::Kind::command;
    const auto outer = std::move(documents_);
    documents_.clear();
    part.program = parse_substitution_(*this);
    documents_.insert(documents_.begin(), outer.begin(), outer.end());
    parts.add(std::move(part));
  } else if (c == '\'' && !quoted) {
    at_ = start;
    read_escaped_quotes(parts);
  } else if (!at_end() && (is_name_character(c) || is_one_of(c, "@*#?$!-"))) {
    part.kind = WordPart::Kind::parameter;
    part.text = take();
    skip_continuations();
    if (is_name_start(c)) {
      while (is_name_character(current())) {
        part.text += take();
        skip_continuations();
      }
    }
    parts.add(std::move(part));
  } else {
    parts.add_text('$', quoted);
  }
}

void ShellLexer::read_backquotes(const Context& context, PartList& parts) {
  using Quoting = Context::Quoting;
  const Nesting nesting(*this);
  const bool quoted = context.quoting != Quoting::none;
  const auto first_line = line_;
  take();
  std::string text;
  for (;;) {
    if (at_end()) fail("unterminated backquotes");
    const char c = take();
    if (c == '`') break;
    if (c == '\\' && !at_end()) {
      const char next = take();
      if (next == '\n') continue;
      if (!is_one_of(next, "\\`$") && !(next == '"' && context.quoting == Quoting::double_quotes))
        text += '\\';
      text += next;
    } else {
      text += c;
    }
  }
  text += "\n)";
  WordPart part;
  part.kind = WordPart::Kind::command;
  part.quoted = quoted;
  ShellLexer inner(text, first_line, depth_, parse_substitution_);
  part.program = parse_substitution_(inner);
  if (!inner.at_end()) fail("unexpected \")\"");
  parts.add(std::move(part));
}

void ShellLexer::read_arithmetic(const Context& context, PartList& parts) {
  WordPart part;
  part.kind = WordPart::Kind::arithmetic;
  part.quoted = context.quoting != Context::Quoting::none;
  char end = '\0';
  part.operands.push_back(read_arithmetic_word(")", &end));
  if (current() != ')') fail("missing '))'");
  take();
  parts.add(std::move(part));
}

/// Reads an expression up to one of `ends` that stands outside of its parentheses.
ShellWord ShellLexer::read_arithmetic_word(std::string_view ends, char* end) {
  const Nesting nesting(*this);
  ShellWord word;
  word.line = line_;
  PartList parts(word.parts);
  Context context;
  context.quoting = Context::Quoting::arithmetic;
  std::size_t open = 0;
  std::size_t questions = 0;
  for (;;) {
    skip_continuations();
    if (at_end()) fail(ends == ")" ? "missing '))'" : "missing '}'");
    const char c = current();
    if (open == 0 && !(c == ':' && questions > 0) && is_one_of(c, ends)) {
      *end = take();
      return word;
    }
    if (c == '(') ++open;
    if (c == ')' && open > 0) --open;
    if (c == '?') ++questions;
    if (c == ':' && questions > 0) --questions;
    read_character(context, parts);
  }
}

std::string ShellLexer::read_parameter_name() {
  std::string name;
  const char c = current();
  if (at_end() || !(is_name_character(c) || is_one_of(c, "@*#?$!-"))) return name;
  name = take();
  skip_continuations();
  while ((is_name_start(c) && is_name_character(current())) ||
         (is_digit(c) && is_digit(current()))) {
    name += take();
    skip_continuations();
  }
  return name;
}

void ShellLexer::read_parameter_braces(const Context& context, PartList& parts) {
  const Nesting nesting(*this);
  take();
  skip_continuations();
  WordPart part;
  part.kind = WordPart::Kind::parameter;
  part.quoted = context.quoting != Context::Quoting::none;
  if (current() == '#') {
    take();
    skip_continuations();
    if (current() == '}') {
      part.text = "#";
    } else {
      part.text = read_parameter_name();
      part.operation = ParameterOperator::length;
      if (part.text.empty() || current() != '}') fail("bad substitution");
    }
    take();
    parts.add(std::move(part));
    return;
  }
  part.text = read_parameter_name();
  if (part.text.empty()) fail("bad substitution");
  if (current() == '}') {
    take();
  } else {
    read_parameter_operator(context, part);
  }
  parts.add(std::move(part));
}

void ShellLexer::read_parameter_operator(const Context& context, WordPart& part) {
  using Operator = ParameterOperator;
  Context pattern;
  pattern.in_braces = true;
  char end = '\0';
  char c = at_end() ? '\0' : take();
  skip_continuations();
  if (c == ':' && !at_end() && !is_one_of(current(), "-=?+")) {
    part.operation = Operator::substring;
    part.operands.push_back(read_arithmetic_word(":}", &end));
    if (end == ':') part.operands.push_back(read_arithmetic_word("}", &end));
    return;
  }
  if (c == ':' && !at_end()) {
    part.empty_counts_as_unset = true;
    c = take();
  }
  constexpr std::string_view defaults = "-=?+";
  constexpr std::array<Operator, 4> default_operators = {
      Operator::use_default, Operator::assign_default, Operator::fail, Operator::use_alternative};
  if (const auto place = defaults.find(c); place != std::string_view::npos) {
    part.operation = default_operators[place];
    Context word = context;
    word.in_braces = true;
    part.operands.push_back(read_operand(word, "}", &end));
    return;
  }
  const bool twice = !at_end() && current() == c && is_one_of(c, "#%/");
  if (twice) take();
  if (c == '#' || c == '%') {
    part.operation = c == '#' ? (twice ? Operator::remove_longest_prefix : Operator::remove_prefix)
                              : (twice ? Operator::remove_longest_suffix : Operator::remove_suffix);
    part.operands.push_back(read_operand(pattern, "}", &end));
  } else if (c == '/') {
    part.operation = twice ? Operator::replace_all : Operator::replace_first;
    part.operands.push_back(read_operand(pattern, "/}", &end));
    if (end == '/') part.operands.push_back(read_operand(pattern, "}", &end));
  } else {
    fail("bad substitution");
  }
}

ShellWord ShellLexer::read_operand(const Context& context, std::string_view ends, char* end) {
  ShellWord word;
  word.line = line_;
  PartList parts(word.parts);
  Context inner = context;
  inner.ends = ends;
  *end = read_parts(inner, parts);
  return word;
}

}  // namespace tarn::builder
