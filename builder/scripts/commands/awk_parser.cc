#include <algorithm>
#include <array>
#include <utility>

#include "builder/scripts/command.h"
#include "builder/scripts/commands/awk_program.h"
#include "builder/scripts/commands/awk_tokens.h"

namespace tarn::builder {

namespace {

using Kind = AwkExpression::Kind;
using Token = AwkToken::Kind;

constexpr std::size_t deepest = 150;

/// Reads a program from the loosest binding to the tightest.
class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(text) {}
  AwkProgram parse();

 private:
  /// One level deeper for as long as it lives.
  class Level {
   public:
    explicit Level(std::size_t& depth) : depth_(depth) {
      if (++depth_ > deepest) throw NotNative("awk: a program that deep");
    }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    std::size_t& depth_;
  };

  bool take_sign(std::string_view sign) {
    if (!tokens_.is_sign(sign)) return false;
    tokens_.take();
    return true;
  }
  void demand(std::string_view sign) {
    if (!take_sign(sign)) throw NotNative("awk: no '" + std::string(sign) + "' where one is due");
  }
  void skip_newlines() {
    while (tokens_.next().kind == Token::newline) tokens_.take();
  }
  void skip_terminators() {
    while (tokens_.next().kind == Token::newline || tokens_.is_sign(";")) tokens_.take();
  }
  AwkRule parse_rule();
  AwkStatement parse_block();
  AwkStatement parse_statement();
  AwkStatement parse_simple();
  AwkStatement parse_print();
  AwkStatement parse_remove();
  AwkStatement parse_keyword(const std::string& word);
  AwkStatement parse_for();
  void end_statement();
  bool at_statement_end() const {
    return tokens_.next().kind == Token::newline || tokens_.next().kind == Token::end ||
           tokens_.is_sign(";") || tokens_.is_sign("}");
  }

  AwkExpression parse_expression();
  AwkExpression parse_either();
  AwkExpression parse_both();
  AwkExpression parse_membership();
  AwkExpression parse_match();
  AwkExpression parse_comparison();
  AwkExpression parse_concatenation();
  AwkExpression parse_sum();
  AwkExpression parse_product();
  AwkExpression parse_unary();
  AwkExpression parse_power();
  AwkExpression parse_postfix();
  AwkExpression parse_primary();
  AwkExpression parse_name();
  AwkExpression parse_brackets();
  AwkExpression parse_call();
  std::vector<AwkExpression> parse_list(std::string_view end);
  bool begins_operand() const;

  AwkTokens tokens_;
  std::size_t depth_ = 0;
  bool no_greater_ = false;  ///< a '>' is print's
};

AwkExpression make(Kind kind, std::string text, std::vector<AwkExpression> parts) {
  AwkExpression result;
  result.kind = kind;
  result.text = std::move(text);
  for (const AwkExpression& part : parts) result.depth = std::max(result.depth, part.depth + 1);
  if (result.depth > deepest) throw NotNative("awk: an expression that deep");
  result.parts = std::move(parts);
  return result;
}

AwkExpression join(Kind kind, std::string text, AwkExpression left, AwkExpression right) {
  std::vector<AwkExpression> parts;
  parts.push_back(std::move(left));
  parts.push_back(std::move(right));
  return make(kind, std::move(text), std::move(parts));
}

AwkExpression wrap(Kind kind, std::string text, AwkExpression part) {
  std::vector<AwkExpression> parts;
  parts.push_back(std::move(part));
  return make(kind, std::move(text), std::move(parts));
}

bool can_be_set(const AwkExpression& expression) {
  return expression.kind == Kind::variable || expression.kind == Kind::element ||
         expression.kind == Kind::field;
}

bool has_effects(const AwkExpression& expression) {
  if (expression.kind == Kind::assignment || expression.kind == Kind::change_before ||
      expression.kind == Kind::change_after || expression.kind == Kind::call) {
    return true;
  }
  return std::any_of(expression.parts.begin(), expression.parts.end(), has_effects);
}

/// What is set may be looked at more than once, so finding it must change nothing.
void demand_settable(const AwkExpression& expression) {
  if (!can_be_set(expression)) throw NotNative("awk: something is set that cannot be");
  if (has_effects(expression)) throw NotNative("awk: a change within what is set");
}

AwkProgram Parser::parse() {
  AwkProgram program;
  skip_terminators();
  while (tokens_.next().kind != Token::end) {
    program.push_back(parse_rule());
    skip_terminators();
  }
  return program;
}

AwkRule Parser::parse_rule() {
  AwkRule rule;
  if (tokens_.is_keyword("BEGIN") || tokens_.is_keyword("END")) {
    rule.when = tokens_.is_keyword("BEGIN") ? AwkRule::When::begin : AwkRule::When::end;
    tokens_.take();
    if (!tokens_.is_sign("{")) throw NotNative("awk: BEGIN or END without an action");
  } else if (!tokens_.is_sign("{")) {
    rule.patterns.push_back(parse_expression());
    if (take_sign(",")) {
      skip_newlines();
      rule.patterns.push_back(parse_expression());
    }
  }
  if (tokens_.is_sign("{")) {
    rule.action = parse_block();
  } else if (!at_statement_end() || tokens_.is_sign("}")) {
    throw NotNative("awk: something behind a pattern");
  }
  return rule;
}

AwkStatement Parser::parse_block() {
  demand("{");
  AwkStatement block;
  skip_terminators();
  while (!take_sign("}")) {
    block.statements.push_back(parse_statement());
    skip_terminators();
  }
  return block;
}

void Parser::end_statement() {
  if (!at_statement_end()) throw NotNative("awk: something behind a statement");
  if (!tokens_.is_sign("}") && tokens_.next().kind != Token::end) tokens_.take();
}

AwkStatement Parser::parse_statement() {
  const Level level(depth_);
  if (tokens_.is_sign("{")) return parse_block();
  if (take_sign(";")) return {};
  if (tokens_.next().kind == Token::keyword) {
    const std::string word = tokens_.next().text;
    if (word != "print" && word != "printf" && word != "delete") {
      tokens_.take();
      return parse_keyword(word);
    }
  }
  AwkStatement statement = parse_simple();
  end_statement();
  return statement;
}

AwkStatement Parser::parse_keyword(const std::string& word) {
  AwkStatement statement;
  if (word == "if" || word == "while") {
    statement.kind = word == "if" ? AwkStatement::Kind::condition : AwkStatement::Kind::loop;
    demand("(");
    statement.expressions.push_back(parse_expression());
    demand(")");
    skip_newlines();
    statement.statements.push_back(parse_statement());
    if (word == "while") return statement;
    skip_terminators();
    if (!tokens_.is_keyword("else")) return statement;
    tokens_.take();
    skip_newlines();
    statement.statements.push_back(parse_statement());
    return statement;
  }
  if (word == "for") return parse_for();
  if (word == "do") {
    statement.kind = AwkStatement::Kind::late_loop;
    skip_newlines();
    statement.statements.push_back(parse_statement());
    skip_terminators();
    if (!tokens_.is_keyword("while")) throw NotNative("awk: do without while");
    tokens_.take();
    demand("(");
    statement.expressions.push_back(parse_expression());
    demand(")");
  } else if (word == "exit") {
    statement.kind = AwkStatement::Kind::exit;
    if (!at_statement_end()) statement.expressions.push_back(parse_expression());
  } else if (word == "next") {
    statement.kind = AwkStatement::Kind::next;
  } else if (word == "break") {
    statement.kind = AwkStatement::Kind::leave_loop;
  } else if (word == "continue") {
    statement.kind = AwkStatement::Kind::next_round;
  } else {
    throw NotNative("awk: " + word);
  }
  end_statement();
  return statement;
}

AwkStatement Parser::parse_for() {
  AwkStatement statement;
  statement.kind = AwkStatement::Kind::count_loop;
  demand("(");
  AwkStatement first;
  if (!tokens_.is_sign(";")) first = parse_simple();
  // "for (key in array)": in which order the keys come is not defined.
  if (tokens_.is_sign(")")) throw NotNative("awk: for (... in ...)");
  demand(";");
  if (!tokens_.is_sign(";")) statement.expressions.push_back(parse_expression());
  demand(";");
  AwkStatement last;
  if (!tokens_.is_sign(")")) last = parse_simple();
  demand(")");
  skip_newlines();
  statement.statements.push_back(std::move(first));
  statement.statements.push_back(std::move(last));
  statement.statements.push_back(parse_statement());
  return statement;
}

AwkStatement Parser::parse_simple() {
  if (tokens_.is_keyword("print") || tokens_.is_keyword("printf")) return parse_print();
  if (tokens_.is_keyword("delete")) return parse_remove();
  AwkStatement statement;
  statement.kind = AwkStatement::Kind::expression;
  statement.expressions.push_back(parse_expression());
  return statement;
}

AwkStatement Parser::parse_remove() {
  tokens_.take();
  AwkStatement statement;
  statement.kind = AwkStatement::Kind::remove;
  statement.expressions.push_back(parse_name());
  return statement;
}

AwkStatement Parser::parse_print() {
  AwkStatement statement;
  const bool formatted = tokens_.is_keyword("printf");
  statement.kind = formatted ? AwkStatement::Kind::formatted_print : AwkStatement::Kind::print;
  tokens_.take();
  const bool before = std::exchange(no_greater_, true);
  if (!at_statement_end() && !tokens_.is_sign(">") && !tokens_.is_sign(">>")) {
    AwkExpression first = parse_expression();
    if (first.kind == Kind::group) {
      statement.expressions = std::move(first.parts);
    } else {
      statement.expressions.push_back(std::move(first));
      while (take_sign(",")) {
        skip_newlines();
        statement.expressions.push_back(parse_expression());
      }
    }
  }
  if (tokens_.is_sign(">") || tokens_.is_sign(">>")) {
    statement.redirection = tokens_.next().text;
    tokens_.take();
    statement.destination = parse_primary();
  }
  no_greater_ = before;
  if (formatted && statement.expressions.empty()) throw NotNative("awk: printf without a format");
  return statement;
}

AwkExpression Parser::parse_expression() {
  const Level level(depth_);
  AwkExpression left = parse_either();
  if (take_sign("?")) {
    skip_newlines();
    std::vector<AwkExpression> parts;
    parts.push_back(std::move(left));
    parts.push_back(parse_expression());
    demand(":");
    skip_newlines();
    parts.push_back(parse_expression());
    return make(Kind::conditional, "", std::move(parts));
  }
  for (const std::string_view sign : {"=", "+=", "-=", "*=", "/=", "%=", "^="}) {
    if (!tokens_.is_sign(sign)) continue;
    demand_settable(left);
    tokens_.take();
    skip_newlines();
    return join(Kind::assignment, std::string(sign), std::move(left), parse_expression());
  }
  return left;
}

AwkExpression Parser::parse_either() {
  AwkExpression left = parse_both();
  while (take_sign("||")) {
    skip_newlines();
    left = join(Kind::either, "", std::move(left), parse_both());
  }
  return left;
}

AwkExpression Parser::parse_both() {
  AwkExpression left = parse_membership();
  while (take_sign("&&")) {
    skip_newlines();
    left = join(Kind::both, "", std::move(left), parse_membership());
  }
  return left;
}

AwkExpression Parser::parse_membership() {
  AwkExpression left = parse_match();
  while (tokens_.is_keyword("in")) {
    tokens_.take();
    if (tokens_.next().kind != Token::name) throw NotNative("awk: in what is no array");
    const std::string array = tokens_.next().text;
    tokens_.take();
    left = left.kind == Kind::group ? make(Kind::membership, array, std::move(left.parts))
                                    : wrap(Kind::membership, array, std::move(left));
  }
  return left;
}

AwkExpression Parser::parse_match() {
  AwkExpression left = parse_comparison();
  while (tokens_.is_sign("~") || tokens_.is_sign("!~")) {
    std::string sign = tokens_.next().text;
    tokens_.take();
    left = join(Kind::match, std::move(sign), std::move(left), parse_comparison());
  }
  return left;
}

AwkExpression Parser::parse_comparison() {
  const bool negated = tokens_.is_sign("!");
  AwkExpression left = parse_concatenation();
  for (const std::string_view sign : {"<", "<=", "==", "!=", ">=", ">"}) {
    if (!tokens_.is_sign(sign) || (sign == ">" && no_greater_)) continue;
    // Whether '!' is for the one side or for all is not the same everywhere.
    if (negated) throw NotNative("awk: '!' before a comparison");
    tokens_.take();
    return join(Kind::comparison, std::string(sign), std::move(left), parse_concatenation());
  }
  if (negated && (tokens_.is_sign("~") || tokens_.is_sign("!~") || tokens_.is_keyword("in"))) {
    throw NotNative("awk: '!' before a match");
  }
  return left;
}

bool Parser::begins_operand() const {
  switch (tokens_.next().kind) {
    case Token::number:
    case Token::text:
    case Token::name:
    case Token::function_name:
      return true;
    case Token::sign:
      return tokens_.is_sign("$") || tokens_.is_sign("(") || tokens_.is_sign("++") ||
             tokens_.is_sign("--");
    default:
      return false;
  }
}

AwkExpression Parser::parse_concatenation() {
  AwkExpression left = parse_sum();
  if (!begins_operand()) return left;
  std::vector<AwkExpression> parts;
  parts.push_back(std::move(left));
  while (begins_operand()) parts.push_back(parse_sum());
  return make(Kind::concatenation, "", std::move(parts));
}

AwkExpression Parser::parse_sum() {
  AwkExpression left = parse_product();
  while (tokens_.is_sign("+") || tokens_.is_sign("-")) {
    std::string sign = tokens_.next().text;
    tokens_.take();
    left = join(Kind::arithmetic, std::move(sign), std::move(left), parse_product());
  }
  return left;
}

AwkExpression Parser::parse_product() {
  AwkExpression left = parse_unary();
  while (tokens_.is_sign("*") || tokens_.is_sign("/") || tokens_.is_sign("%")) {
    std::string sign = tokens_.next().text;
    tokens_.take();
    left = join(Kind::arithmetic, std::move(sign), std::move(left), parse_unary());
  }
  return left;
}

AwkExpression Parser::parse_unary() {
  const Level level(depth_);
  for (const std::string_view sign : {"!", "-", "+"}) {
    if (!tokens_.is_sign(sign)) continue;
    tokens_.take();
    return wrap(Kind::unary, std::string(sign), parse_unary());
  }
  return parse_power();
}

AwkExpression Parser::parse_power() {
  AwkExpression left = parse_postfix();
  if (!take_sign("^")) return left;
  AwkExpression right = parse_unary();
  // Which of two is first is not the same everywhere.
  if (right.kind == Kind::arithmetic && right.text == "^") throw NotNative("awk: a ^ b ^ c");
  return join(Kind::arithmetic, "^", std::move(left), std::move(right));
}

AwkExpression Parser::parse_postfix() {
  AwkExpression left = parse_primary();
  if (can_be_set(left) && (tokens_.is_sign("++") || tokens_.is_sign("--"))) {
    demand_settable(left);
    std::string sign = tokens_.next().text;
    tokens_.take();
    return wrap(Kind::change_after, std::move(sign), std::move(left));
  }
  return left;
}

AwkExpression Parser::parse_primary() {
  const Level level(depth_);
  const AwkToken token = tokens_.next();
  if (token.kind == Token::number || token.kind == Token::text) {
    tokens_.take();
    AwkExpression result = make(token.kind == Token::number ? Kind::number : Kind::text,
                                token.kind == Token::number ? "" : token.text, {});
    result.number = token.number;
    return result;
  }
  if (token.kind == Token::name) return parse_name();
  if (token.kind == Token::function_name) return parse_call();
  if (tokens_.is_sign("/") || tokens_.is_sign("/=")) {
    AwkExpression result = make(Kind::expression, "", {});
    try {
      result.text = tokens_.take_expression();
      result.expression.emplace(result.text, RegularExpression::Syntax::extended);
    } catch (const RegularExpression::BadPattern& bad) {
      throw NotNative("awk: a regular expression that is none: " + bad.complaint);
    }
    return result;
  }
  if (take_sign("$")) {
    if (tokens_.is_sign("-") || tokens_.is_sign("!") || tokens_.is_sign("+")) {
      throw NotNative("awk: a field of a negative number");
    }
    return wrap(Kind::field, "", parse_primary());
  }
  if (tokens_.is_sign("++") || tokens_.is_sign("--")) {
    tokens_.take();
    AwkExpression operand = parse_primary();
    demand_settable(operand);
    return wrap(Kind::change_before, token.text, std::move(operand));
  }
  if (take_sign("(")) return parse_brackets();
  throw NotNative("awk: no value where one is due");
}

AwkExpression Parser::parse_brackets() {
  const bool before = std::exchange(no_greater_, false);
  AwkExpression first = parse_expression();
  if (!tokens_.is_sign(",")) {
    demand(")");
    no_greater_ = before;
    // What is in brackets is a value, nothing that could be set.
    if (!can_be_set(first)) return first;
    return wrap(Kind::group, "", std::move(first));
  }
  std::vector<AwkExpression> parts;
  parts.push_back(std::move(first));
  while (take_sign(",")) {
    skip_newlines();
    parts.push_back(parse_expression());
  }
  demand(")");
  no_greater_ = before;
  return make(Kind::group, ",", std::move(parts));
}

std::vector<AwkExpression> Parser::parse_list(std::string_view end) {
  std::vector<AwkExpression> parts;
  const bool before = std::exchange(no_greater_, false);
  while (!take_sign(end)) {
    if (!parts.empty()) demand(",");
    skip_newlines();
    parts.push_back(parse_expression());
  }
  no_greater_ = before;
  return parts;
}

AwkExpression Parser::parse_name() {
  if (tokens_.next().kind != Token::name) throw NotNative("awk: no name where one is due");
  std::string name = tokens_.next().text;
  tokens_.take();
  if (!take_sign("[")) return make(Kind::variable, std::move(name), {});
  std::vector<AwkExpression> subscripts = parse_list("]");
  if (subscripts.empty()) throw NotNative("awk: an element without its subscript");
  return make(Kind::element, std::move(name), std::move(subscripts));
}

struct Function {
  std::string_view name;
  std::size_t least;
  std::size_t most;
};
constexpr std::array functions{
    Function{"length", 0, 1},    Function{"substr", 2, 3},  Function{"index", 2, 2},
    Function{"split", 2, 3},     Function{"sub", 2, 3},     Function{"gsub", 2, 3},
    Function{"match", 2, 2},     Function{"tolower", 1, 1}, Function{"toupper", 1, 1},
    Function{"sprintf", 1, 100}, Function{"int", 1, 1}};

AwkExpression Parser::parse_call() {
  std::string name = tokens_.next().text;
  const auto function = std::find_if(functions.begin(), functions.end(),
                                     [&](const Function& known) { return known.name == name; });
  if (function == functions.end()) throw NotNative("awk: " + name);
  tokens_.take();
  std::vector<AwkExpression> arguments;
  if (take_sign("(")) {
    arguments = parse_list(")");
  } else if (name != "length") {
    throw NotNative("awk: " + name + " without brackets");
  }
  if (arguments.size() < function->least || arguments.size() > function->most) {
    throw NotNative("awk: " + name + " with that many arguments");
  }
  if (name == "split" && arguments[1].kind != Kind::variable) {
    throw NotNative("awk: split into what is no array");
  }
  if ((name == "sub" || name == "gsub") && arguments.size() == 3) demand_settable(arguments[2]);
  return make(Kind::call, std::move(name), std::move(arguments));
}

}  // namespace

AwkProgram parse_awk_program(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace tarn::builder
