#include <cerrno>
#include <cstdlib>
#include <limits>
#include <string>

#include "builder/scripts/commands/regular_expression.h"
#include "builder/scripts/commands/text_commands.h"

namespace tarn::builder {

namespace {

/// What ends an expr with status 2.
struct BadExpression {
  const char* complaint;
};

/// Decides an expression; values are texts, as numbers where they are wanted as such.
class Expr {
 public:
  explicit Expr(const Invocation& invocation)
      : invocation_(invocation), arguments_(invocation.arguments.subspan(1)) {}

  std::string decide() {
    std::string value = either();
    if (at_ < arguments_.size()) throw BadExpression{"syntax error"};
    return value;
  }

 private:
  bool next_is(std::string_view text) const {
    return at_ < arguments_.size() && arguments_[at_] == text;
  }
  bool take(std::string_view text) {
    if (!next_is(text)) return false;
    ++at_;
    return true;
  }
  static bool is_null(const std::string& value) { return value.empty() || value == "0"; }
  /// Nothing when it is no whole number.
  static std::optional<long long> number(const std::string& value);
  static long long demand_number(const std::string& value);
  std::string either();
  std::string both();
  std::string comparison();
  std::string sum();
  std::string product();
  std::string matching();
  std::string keyword();
  std::string primary();
  std::string match(const std::string& text, const std::string& pattern);

  const Invocation& invocation_;
  std::span<const std::string> arguments_;
  std::size_t at_ = 0;
};

std::optional<long long> Expr::number(const std::string& value) {
  const std::size_t digits = value.starts_with('-') ? 1 : 0;
  if (value.empty() || value.size() == digits ||
      value.find_first_not_of("0123456789", digits) != std::string::npos) {
    return std::nullopt;
  }
  errno = 0;
  const long long result = std::strtoll(value.c_str(), nullptr, 10);
  if (errno != 0) throw NotNative("expr: a number that large");
  return result;
}

long long Expr::demand_number(const std::string& value) {
  // Blanks before a number are taken with it.
  if (value.starts_with(' ')) throw NotNative("expr: a number after a blank");
  const auto result = number(value);
  if (!result) throw BadExpression{"non-numeric argument"};
  return *result;
}

std::string Expr::either() {
  const ScriptBudget::Level level(invocation_.budget);
  std::string left = both();
  while (take("|")) {
    std::string right = both();
    if (is_null(left)) left = std::move(right);
  }
  return left;
}

std::string Expr::both() {
  std::string left = comparison();
  while (take("&")) {
    const std::string right = comparison();
    if (is_null(left) || is_null(right)) left = "0";
  }
  return left;
}

std::string Expr::comparison() {
  std::string left = sum();
  while (true) {
    std::string_view sign;
    for (const std::string_view known : {"<", "<=", "=", "==", "!=", ">=", ">"}) {
      if (next_is(known)) sign = known;
    }
    if (sign.empty()) return left;
    ++at_;
    const std::string right = sum();
    const auto a = number(left);
    const auto b = number(right);
    const int order = a && b ? (*a < *b ? -1 : *a > *b ? 1 : 0) : left.compare(right);
    bool holds = false;
    if (sign == "<") holds = order < 0;
    if (sign == "<=") holds = order <= 0;
    if (sign == "=" || sign == "==") holds = order == 0;
    if (sign == "!=") holds = order != 0;
    if (sign == ">=") holds = order >= 0;
    if (sign == ">") holds = order > 0;
    left = holds ? "1" : "0";
  }
}

std::string Expr::sum() {
  std::string left = product();
  while (next_is("+") || next_is("-")) {
    const bool plus = arguments_[at_++] == "+";
    const long long b = demand_number(product());
    const long long a = demand_number(left);
    long long result = 0;
    if (plus ? __builtin_add_overflow(a, b, &result) : __builtin_sub_overflow(a, b, &result)) {
      throw NotNative("expr: a number that large");
    }
    left = std::to_string(result);
  }
  return left;
}

std::string Expr::product() {
  std::string left = matching();
  while (next_is("*") || next_is("/") || next_is("%")) {
    const char sign = arguments_[at_++][0];
    const std::string right = matching();
    const long long a = demand_number(left);
    const long long b = demand_number(right);
    long long result = 0;
    if (sign == '*') {
      if (__builtin_mul_overflow(a, b, &result)) throw NotNative("expr: a number that large");
    } else if (b == 0) {
      throw BadExpression{"division by zero"};
    } else if (a == std::numeric_limits<long long>::min()) {
      throw NotNative("expr: a number that large");
    } else {
      result = sign == '/' ? a / b : a % b;
    }
    left = std::to_string(result);
  }
  return left;
}

std::string Expr::matching() {
  std::string left = keyword();
  while (take(":")) left = match(left, keyword());
  return left;
}

/// The first group of what matches at the text's beginning, or how long the match is.
std::string Expr::match(const std::string& text, const std::string& pattern) {
  const RegularExpression expression(pattern);
  const auto found =
      expression.find(text, 0, RegularExpression::Beginning::of_line, invocation_.budget);
  const bool group = expression.group_count() > 0;
  if (!found || found->front()->begin != 0) {
    // The leftmost match may begin behind another that is not asked for.
    return group ? "" : "0";
  }
  if (!group || !(*found)[1]) return std::to_string(found->front()->end);
  const auto& range = (*found)[1];
  return text.substr(range->begin, range->end - range->begin);
}

std::string Expr::keyword() {
  const ScriptBudget::Level level(invocation_.budget);
  invocation_.budget.spend_steps();
  if (take("quote")) {
    if (at_ >= arguments_.size()) throw BadExpression{"syntax error"};
    return arguments_[at_++];
  }
  if (take("length")) {
    const std::string text = keyword();
    return std::to_string(text.size());
  }
  if (take("match")) {
    const std::string text = keyword();
    return match(text, keyword());
  }
  if (take("index")) {
    const std::string text = keyword();
    const std::string set = keyword();
    const std::size_t found = text.find_first_of(set);
    return std::to_string(found == std::string::npos ? 0 : found + 1);
  }
  if (take("substr")) {
    const std::string text = keyword();
    const auto from = number(keyword());
    const auto length = number(keyword());
    if (!from || !length || *from <= 0 || *length <= 0) return "";
    if (static_cast<std::size_t>(*from) > text.size()) return "";
    return text.substr(static_cast<std::size_t>(*from) - 1, static_cast<std::size_t>(*length));
  }
  return primary();
}

std::string Expr::primary() {
  if (at_ >= arguments_.size()) throw BadExpression{"syntax error"};
  if (take("(")) {
    std::string value = either();
    if (!take(")")) throw BadExpression{"syntax error"};
    return value;
  }
  for (const std::string_view sign :
       {"|", "&", "<", "<=", "=", "==", "!=", ">=", ">", "+", "-", "*", "/", "%", ":", ")"}) {
    // A sign where a value is due: busybox takes some of them for one.
    if (next_is(sign)) throw NotNative("expr: a sign in the place of a value");
  }
  return arguments_[at_++];
}

}  // namespace

int run_expr(const Invocation& invocation) {
  if (invocation.arguments.size() < 2) {
    invocation.complain("too few arguments");
    return 2;
  }
  try {
    const std::string value = Expr(invocation).decide();
    invocation.output.write(value + "\n");
    return value.empty() || value == "0" ? 1 : 0;
  } catch (const BadExpression& bad) {
    invocation.complain(bad.complaint);
    return 2;
  } catch (const RegularExpression::BadPattern& bad) {
    throw NotNative("expr: a regular expression that is none: " + bad.complaint);
  }
}

}  // namespace tarn::builder
