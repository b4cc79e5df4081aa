#include "builder/scripts/commands/regular_program.h"

#include <optional>
#include <utility>

#include "builder/scripts/command.h"
#include "builder/scripts/commands/code_points.h"

namespace tarn::builder {

namespace {

using Code = RegularInstruction::Code;

constexpr std::size_t longest_pattern = 4096;
constexpr std::size_t most_instructions = 32'000;
constexpr std::size_t deepest = 100;
constexpr int most_repetitions = 255;  // RE_DUP_MAX
constexpr char32_t last_code_point = 0x10ffff;

[[noreturn]] void refuse(const char* complaint) {
  throw RegularExpression::BadPattern{complaint};
}

struct Piece {
  enum class Kind { nothing, set, assertion, sequence, choice, repetition, group };
  Kind kind = Kind::nothing;
  std::uint32_t argument = 0;  ///< the set, or the group's number
  Code assertion = Code::accept;
  int least = 0;
  int most = -1;  ///< -1: no limit
  std::vector<Piece> parts;
};

/// Reads a pattern.
class Parser {
 public:
  Parser(std::string_view pattern, bool extended, bool either_case, RegularProgram& program)
      : pattern_(pattern), extended_(extended), either_case_(either_case), program_(program) {}

  Piece parse() {
    Piece whole = parse_choice();
    if (at_ < pattern_.size()) refuse("Missing ')'");
    return whole;
  }

 private:
  bool ahead(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }
  bool take(std::string_view text) {
    if (!ahead(text)) return false;
    at_ += text.size();
    return true;
  }
  std::string_view opening() const { return extended_ ? "(" : "\\("; }
  std::string_view closing() const { return extended_ ? ")" : "\\)"; }
  std::string_view bar() const { return extended_ ? "|" : "\\|"; }
  bool at_closing() const { return (depth_ > 0 || !extended_) && ahead(closing()); }

  Piece parse_choice();
  Piece parse_sequence();
  Piece parse_group();
  Piece parse_atom();
  Piece parse_escape();
  Piece parse_hexadecimal();
  Piece parse_bracket();
  void parse_class(CharacterSet& set);
  Piece parse_repetitions(Piece atom);
  std::pair<int, int> parse_counts();
  int parse_count();
  Piece literal();
  Piece set_piece(CharacterSet set) {
    if (either_case_) set.add_other_case();
    program_.sets.push_back(std::move(set));
    Piece piece;
    piece.kind = Piece::Kind::set;
    piece.argument = static_cast<std::uint32_t>(program_.sets.size() - 1);
    return piece;
  }
  static Piece assertion(Code code) {
    Piece piece;
    piece.kind = Piece::Kind::assertion;
    piece.assertion = code;
    return piece;
  }

  std::string_view pattern_;
  bool extended_;
  bool either_case_;
  RegularProgram& program_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;  ///< of the pattern, the group or the branch
  std::size_t depth_ = 0;
};

Piece Parser::parse_choice() {
  Piece choice;
  choice.kind = Piece::Kind::choice;
  do {
    start_ = at_;
    choice.parts.push_back(parse_sequence());
  } while (take(bar()));
  if (choice.parts.size() > 1) return choice;
  Piece only = std::move(choice.parts.front());
  return only;
}

Piece Parser::parse_sequence() {
  Piece sequence;
  sequence.kind = Piece::Kind::sequence;
  while (at_ < pattern_.size() && !at_closing() && !ahead(bar())) {
    sequence.parts.push_back(parse_repetitions(ahead(opening()) ? parse_group() : parse_atom()));
  }
  return sequence;
}

Piece Parser::parse_group() {
  take(opening());
  if (++depth_ > deepest) throw NotNative("a regular expression with too many groups");
  Piece group;
  group.kind = Piece::Kind::group;
  group.argument = static_cast<std::uint32_t>(++program_.groups);
  group.parts.push_back(parse_choice());
  if (!take(closing())) refuse("Missing ')'");
  --depth_;
  return group;
}

Piece Parser::parse_atom() {
  const char c = pattern_[at_];
  switch (c) {
    case '[':
      ++at_;
      return parse_bracket();
    case '\\':
      return parse_escape();
    case '.': {
      ++at_;
      CharacterSet any;
      any.add(0, last_code_point);
      if (program_.newlines_end_lines) {
        any = {};
        any.add(0, '\n' - 1);
        any.add('\n' + 1, last_code_point);
      }
      return set_piece(std::move(any));
    }
    case '^':
      if (!extended_ && at_ != start_) return literal();
      ++at_;
      return assertion(Code::line_begin);
    case '$': {
      const std::string_view rest = pattern_.substr(at_ + 1);
      if (!extended_ && !rest.empty() && !rest.starts_with("\\)") && !rest.starts_with("\\|")) {
        return literal();
      }
      ++at_;
      return assertion(Code::line_end);
    }
    case '*':
    case '+':
    case '?':
    case '{':
      if (extended_) refuse("Repetition not preceded by valid expression");
      return literal();
    default:
      return literal();
  }
}

Piece Parser::literal() {
  const char32_t c = read_code_point(pattern_, at_, "a regular expression");
  CharacterSet one;
  one.add(c, c);
  return set_piece(std::move(one));
}

Piece Parser::parse_escape() {
  ++at_;
  if (at_ >= pattern_.size()) refuse("Trailing backslash");
  const char c = pattern_[at_];
  constexpr std::string_view controls = "tnrfae";
  constexpr std::string_view meanings = "\t\n\r\f\a\033";
  if (const std::size_t i = controls.find(c); i != std::string_view::npos) {
    ++at_;
    CharacterSet one;
    one.add(static_cast<char32_t>(meanings[i]), static_cast<char32_t>(meanings[i]));
    return set_piece(std::move(one));
  }
  if (std::string_view("wWsSdD").find(c) != std::string_view::npos) {
    ++at_;
    CharacterSet set;
    const bool word = c == 'w' || c == 'W';
    set.add_class(word ? "alnum" : (c == 's' || c == 'S') ? "space" : "digit");
    if (word) set.add('_', '_');
    if (c == 'W' || c == 'S' || c == 'D') set.negate();
    return set_piece(std::move(set));
  }
  constexpr std::string_view edges = "bB<>";
  constexpr std::array codes{Code::word_edge, Code::no_word_edge, Code::word_begin, Code::word_end};
  if (const std::size_t i = edges.find(c); i != std::string_view::npos) {
    ++at_;
    return assertion(codes[i]);
  }
  if (c == 'x') return parse_hexadecimal();
  if (!extended_) {
    if (c == '{' || c == '+' || c == '?') refuse("Repetition not preceded by valid expression");
    if (c >= '1' && c <= '9') throw NotNative("a back-reference in a regular expression");
  }
  return literal();
}

Piece Parser::parse_hexadecimal() {
  ++at_;
  const bool braces = take("{");
  char32_t value = 0;
  for (int i = 0; i < (braces ? 8 : 2) && at_ < pattern_.size() && value <= last_code_point; ++i) {
    const char c = pattern_[at_];
    const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!letter && (c < '0' || c > '9')) break;
    value = value * 16 + static_cast<char32_t>(letter ? (c | 0x20) - 'a' + 10 : c - '0');
    ++at_;
  }
  if (braces && !take("}")) refuse("Missing '}'");
  CharacterSet one;
  one.add(value, value);
  return set_piece(std::move(one));
}

void Parser::parse_class(CharacterSet& set) {
  at_ += 2;
  const std::size_t end = pattern_.find(':', at_);
  if (end == std::string_view::npos || !set.add_class(pattern_.substr(at_, end - at_))) {
    refuse("Unknown character class name");
  }
  at_ = end;
  if (!take(":]")) refuse("Unknown character class name");
}

Piece Parser::parse_bracket() {
  CharacterSet set;
  const bool negative = take("^");
  const std::size_t start = at_;
  while (true) {
    if (at_ >= pattern_.size()) refuse("Missing ']'");
    if (pattern_[at_] == ']' && at_ != start) break;
    const std::string_view next = pattern_.substr(at_ + 1);
    if (pattern_[at_] == '-' && at_ != start && !next.starts_with(']') &&
        (!next.starts_with('-') || next.starts_with("-]"))) {
      refuse("Invalid character range");
    }
    if (ahead("[.") || ahead("[=")) refuse("Unknown collating element");
    if (ahead("[:")) {
      parse_class(set);
      continue;
    }
    const char32_t first = read_code_point(pattern_, at_, "a regular expression");
    char32_t last = first;
    if (ahead("-") && !ahead("-]")) {
      ++at_;
      if (at_ >= pattern_.size()) refuse("Invalid character range");
      last = read_code_point(pattern_, at_, "a regular expression");
      if (last < first) refuse("Invalid character range");
    }
    set.add(first, last);
  }
  ++at_;
  if (negative) {
    if (program_.newlines_end_lines) set.add('\n', '\n');
    set.negate();
  }
  return set_piece(std::move(set));
}

/// The number there; -1 without one.
int Parser::parse_count() {
  int count = -1;
  while (at_ < pattern_.size() && pattern_[at_] >= '0' && pattern_[at_] <= '9') {
    count = (count < 0 ? 0 : count) * 10 + (pattern_[at_++] - '0');
    if (count > most_repetitions) refuse("Invalid contents of {}");
  }
  return count;
}

std::pair<int, int> Parser::parse_counts() {
  const int least = parse_count();
  const int most = take(",") ? parse_count() : least;
  if (least < 0 || (most >= 0 && most < least) || !take(extended_ ? "}" : "\\}")) {
    refuse("Invalid contents of {}");
  }
  return {least, most};
}

Piece Parser::parse_repetitions(Piece atom) {
  // In "^*" of a basic expression the star is an ordinary character.
  const bool after_caret = !extended_ && at_ == start_ + 1 && pattern_[start_] == '^';
  while (!after_caret || !ahead("*")) {
    std::pair<int, int> counts{0, -1};
    if (take("*")) {
      counts.first = 0;
    } else if (take(extended_ ? "+" : "\\+")) {
      counts.first = 1;
    } else if (take(extended_ ? "?" : "\\?")) {
      counts.second = 1;
    } else if (take(extended_ ? "{" : "\\{")) {
      counts = parse_counts();
    } else {
      return atom;
    }
    // The C library has it hold at most once, and sometimes at least once.
    if (atom.kind == Piece::Kind::assertion) {
      throw NotNative("a regular expression that repeats what has no length");
    }
    Piece repetition;
    if (counts.second != 0 && atom.kind != Piece::Kind::nothing) {
      repetition.kind = Piece::Kind::repetition;
      repetition.least = counts.first;
      repetition.most = counts.second;
      repetition.parts.push_back(std::move(atom));
    }
    atom = std::move(repetition);
  }
  return atom;
}

/// Writes the instructions.
class Emitter {
 public:
  explicit Emitter(RegularProgram& program) : program_(program) {}
  void emit(const Piece& piece);
  std::uint32_t add(Code code, std::uint32_t argument = 0) {
    if (program_.instructions.size() >= most_instructions) {
      throw NotNative("a regular expression that is too large");
    }
    program_.instructions.push_back({code, argument, 0, 0});
    return here() - 1;
  }

 private:
  void emit_choice(const Piece& piece);
  void emit_repetition(const Piece& piece);
  std::uint32_t here() const { return static_cast<std::uint32_t>(program_.instructions.size()); }
  RegularInstruction& at(std::uint32_t index) { return program_.instructions[index]; }
  RegularProgram& program_;
};

void Emitter::emit(const Piece& piece) {
  switch (piece.kind) {
    case Piece::Kind::nothing:
      break;
    case Piece::Kind::set:
      add(Code::character, piece.argument);
      break;
    case Piece::Kind::assertion:
      add(piece.assertion);
      break;
    case Piece::Kind::sequence:
      for (const Piece& part : piece.parts) emit(part);
      break;
    case Piece::Kind::choice:
      emit_choice(piece);
      break;
    case Piece::Kind::repetition:
      emit_repetition(piece);
      break;
    case Piece::Kind::group:
      add(Code::save, 2 * piece.argument);
      emit(piece.parts.front());
      add(Code::save, 2 * piece.argument + 1);
      break;
  }
}

void Emitter::emit_choice(const Piece& piece) {
  program_.has_choices = true;
  std::vector<std::uint32_t> ends;
  for (std::size_t i = 0; i < piece.parts.size(); ++i) {
    if (i + 1 == piece.parts.size()) {
      emit(piece.parts[i]);
      break;
    }
    const std::uint32_t split = add(Code::split);
    at(split).next = here();
    emit(piece.parts[i]);
    ends.push_back(add(Code::jump));
    at(split).other = here();
  }
  for (const std::uint32_t end : ends) at(end).next = here();
}

void Emitter::emit_repetition(const Piece& piece) {
  const Piece& part = piece.parts.front();
  if (part.kind != Piece::Kind::set) program_.has_choices = true;
  for (int i = 0; i < piece.least; ++i) emit(part);
  if (piece.most < 0) {
    const std::uint32_t split = add(Code::split);
    at(split).next = here();
    emit(part);
    const std::uint32_t back = add(Code::jump);
    at(back).next = split;
    at(split).other = here();
    return;
  }
  std::vector<std::uint32_t> exits;
  for (int i = piece.least; i < piece.most; ++i) {
    const std::uint32_t split = add(Code::split);
    at(split).next = here();
    exits.push_back(split);
    emit(part);
  }
  for (const std::uint32_t exit : exits) at(exit).other = here();
}

}  // namespace

RegularProgram compile_regular_expression(std::string_view pattern,
                                          RegularExpression::Syntax syntax,
                                          RegularExpression::Letters letters,
                                          RegularExpression::Newlines newlines) {
  if (pattern.size() > longest_pattern) throw NotNative("a regular expression that is too long");
  if (pattern.find('\0') != std::string_view::npos) {
    throw NotNative("a regular expression with a NUL in it");
  }
  RegularProgram program;
  program.newlines_end_lines = newlines == RegularExpression::Newlines::end_lines;
  const Piece whole = Parser(pattern, syntax == RegularExpression::Syntax::extended,
                             letters == RegularExpression::Letters::either_case, program)
                          .parse();
  Emitter emitter(program);
  emitter.emit(whole);
  emitter.add(Code::accept);
  return program;
}

}  // namespace tarn::builder
