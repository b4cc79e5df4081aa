#include <algorithm>
#include <array>
#include <utility>

#include "builder/scripts/commands/awk_parser.h"

namespace tarn::builder {

namespace {

using Kind = AwkExpression::Kind;
using Token = AwkToken::Kind;

AwkExpression make(Kind kind, std::string text, std::vector<AwkExpression> parts) {
  AwkExpression result;
  result.kind = kind;
  result.text = std::move(text);
  for (const AwkExpression& part : parts) result.depth = std::max(result.depth, part.depth + 1);
  if (result.depth > AwkParser::most_levels) throw NotNative("awk: an expression that deep");
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

}  // namespace

AwkExpression AwkParser::parse_expression() {
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

AwkExpression AwkParser::parse_either() {
  AwkExpression left = parse_both();
  while (take_sign("||")) {
    skip_newlines();
    left = join(Kind::either, "", std::move(left), parse_both());
  }
  return left;
}

AwkExpression AwkParser::parse_both() {
  AwkExpression left = parse_membership();
  while (take_sign("&&")) {
    skip_newlines();
    left = join(Kind::both, "", std::move(left), parse_membership());
  }
  return left;
}

AwkExpression AwkParser::parse_membership() {
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

AwkExpression AwkParser::parse_match() {
  AwkExpression left = parse_comparison();
  while (tokens_.is_sign("~") || tokens_.is_sign("!~")) {
    std::string sign = tokens_.next().text;
    tokens_.take();
    left = join(Kind::match, std::move(sign), std::move(left), parse_comparison());
  }
  return left;
}

AwkExpression AwkParser::parse_comparison() {
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

bool AwkParser::begins_operand() const {
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

AwkExpression AwkParser::parse_concatenation() {
  AwkExpression left = parse_sum();
  if (!begins_operand()) return left;
  std::vector<AwkExpression> parts;
  parts.push_back(std::move(left));
  while (begins_operand()) parts.push_back(parse_sum());
  return make(Kind::concatenation, "", std::move(parts));
}

AwkExpression AwkParser::parse_sum() {
  AwkExpression left = parse_product();
  while (tokens_.is_sign("+") || tokens_.is_sign("-")) {
    std::string sign = tokens_.next().text;
    tokens_.take();
    left = join(Kind::arithmetic, std::move(sign), std::move(left), parse_product());
  }
  return left;
}

AwkExpression AwkParser::parse_product() {
  AwkExpression left = parse_unary();
  while (tokens_.is_sign("*") || tokens_.is_sign("/") || tokens_.is_sign("%")) {
    std::string sign = tokens_.next().text;
    tokens_.take();
    left = join(Kind::arithmetic, std::move(sign), std::move(left), parse_unary());
  }
  return left;
}

AwkExpression AwkParser::parse_unary() {
  const Level level(depth_);
  for (const std::string_view sign : {"!", "-", "+"}) {
    if (!tokens_.is_sign(sign)) continue;
    tokens_.take();
    return wrap(Kind::unary, std::string(sign), parse_unary());
  }
  return parse_power();
}

AwkExpression AwkParser::parse_power() {
  AwkExpression left = parse_postfix();
  if (!take_sign("^")) return left;
  AwkExpression right = parse_unary();
  // Which of two is first is not the same everywhere.
  if (right.kind == Kind::arithmetic && right.text == "^") throw NotNative("awk: a ^ b ^ c");
  return join(Kind::arithmetic, "^", std::move(left), std::move(right));
}

AwkExpression AwkParser::parse_postfix() {
  AwkExpression left = parse_primary();
  if (can_be_set(left) && (tokens_.is_sign("++") || tokens_.is_sign("--"))) {
    demand_settable(left);
    std::string sign = tokens_.next().text;
    tokens_.take();
    return wrap(Kind::change_after, std::move(sign), std::move(left));
  }
  return left;
}

AwkExpression AwkParser::parse_primary() {
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

AwkExpression AwkParser::parse_brackets() {
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

std::vector<AwkExpression> AwkParser::parse_list(std::string_view end) {
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

AwkExpression AwkParser::parse_name() {
  if (tokens_.next().kind != Token::name) throw NotNative("awk: no name where one is due");
  std::string name = tokens_.next().text;
  tokens_.take();
  if (!take_sign("[")) return make(Kind::variable, std::move(name), {});
  std::vector<AwkExpression> subscripts = parse_list("]");
  if (subscripts.empty()) throw NotNative("awk: an element without its subscript");
  return make(Kind::element, std::move(name), std::move(subscripts));
}

AwkExpression AwkParser::parse_call() {
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

}  // namespace tarn::builder
