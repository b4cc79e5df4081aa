#include "builder/scripts/shell_arithmetic.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "builder/scripts/command.h"
#include "builder/scripts/shell_lexer.h"

namespace tarn::builder {
namespace {

constexpr std::string_view syntax_error = "arithmetic syntax error";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

std::uint64_t bits(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}
std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

struct BinaryOperator {
  std::string_view text;
  int level;  ///< binds tighter the higher it is
};
constexpr std::array<BinaryOperator, 20> binary_operators = {
    {{"||", 1}, {"&&", 2},  {"|", 3},  {"^", 4},  {"&", 5},  {"==", 6}, {"!=", 6},
     {"<=", 7}, {">=", 7},  {"<<", 8}, {">>", 8}, {"<", 7},  {">", 7},  {"+", 9},
     {"-", 9},  {"**", 11}, {"*", 10}, {"/", 10}, {"%", 10}, {"", 0}}};
constexpr int power_level = 11;

/// A value and, for what can be assigned to, the variable it came from.
struct Operand {
  std::int64_t value = 0;
  std::string variable;
};

class ArithmeticEvaluator {
 public:
  ArithmeticEvaluator(std::string_view text, const ArithmeticVariables& variables,
                      ScriptBudget& budget, std::vector<std::string>& names_in_use, bool skipped)
      : text_(text),
        variables_(variables),
        budget_(budget),
        names_in_use_(names_in_use),
        skipped_(skipped) {}

  std::int64_t evaluate() {
    skip_blanks();
    if (at_end()) return 0;
    const auto value = comma();
    if (!at_end()) fail(text_[at_] == ':' ? "malformed ?: operator" : syntax_error);
    return value;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    if (skipped_) throw NotNative("a fault in a part of an expression that does not count");
    throw ArithmeticFault(std::string(what));
  }

  bool at_end() const { return at_ >= text_.size(); }
  void skip_blanks() {
    while (!at_end() && is_blank(text_[at_])) ++at_;
  }
  bool next_is(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool take(std::string_view what) {
    if (!next_is(what)) return false;
    at_ += what.size();
    skip_blanks();
    return true;
  }

  std::int64_t comma() {
    auto value = conditional();
    while (take(",")) value = conditional();
    return value;
  }

  std::int64_t conditional() {
    const ScriptBudget::Level level(budget_);
    const auto condition = binary(1).value;
    if (!take("?")) return condition;
    const auto first = in_part(condition == 0, [this] { return conditional_choice(); });
    if (!take(":")) fail("malformed ?: operator");
    const auto second = in_part(condition != 0, [this] { return conditional(); });
    return condition != 0 ? first : second;
  }

  std::int64_t conditional_choice() {
    const ScriptBudget::Level level(budget_);
    const auto value = binary(1).value;
    if (next_is("?") || next_is(","))
      throw NotNative("'?' or ',' in the first choice of a conditional expression");
    return value;
  }

  template <typename Part>
  std::int64_t in_part(bool is_skipped, const Part& part) {
    const bool before = skipped_;
    skipped_ = skipped_ || is_skipped;
    const auto value = part();
    skipped_ = before;
    return value;
  }

  const BinaryOperator* next_operator() const {
    for (const auto& candidate : binary_operators) {
      if (candidate.text.empty() || !next_is(candidate.text)) continue;
      // "a+=1" is an assignment; it is met where it may not stand.
      const auto after = text_.substr(at_ + candidate.text.size());
      const bool assigns = after.starts_with('=') && !after.starts_with("==") &&
                           candidate.level != 6 && candidate.level != 7 && candidate.level > 2;
      return assigns ? nullptr : &candidate;
    }
    return nullptr;
  }

  Operand binary(int least) {
    const ScriptBudget::Level level(budget_);
    auto left = unary();
    for (;;) {
      budget_.spend_steps();
      const auto* operation = next_operator();
      if (operation == nullptr || operation->level < least) return left;
      take(operation->text);
      const auto inner = operation->level == power_level ? power_level : operation->level + 1;
      const bool decided =
          (operation->level == 1 && left.value != 0) || (operation->level == 2 && left.value == 0);
      const auto right = in_part(decided, [this, inner] { return binary(inner).value; });
      left = {apply(operation->text, left.value, right), {}};
    }
  }

  std::int64_t apply(std::string_view operation, std::int64_t left, std::int64_t right) const {
    if (operation == "||") return left != 0 || right != 0 ? 1 : 0;
    if (operation == "&&") return left != 0 && right != 0 ? 1 : 0;
    if (operation == "|") return left | right;
    if (operation == "^") return left ^ right;
    if (operation == "&") return left & right;
    if (operation == "==") return left == right ? 1 : 0;
    if (operation == "!=") return left != right ? 1 : 0;
    if (operation == "<=") return left <= right ? 1 : 0;
    if (operation == ">=") return left >= right ? 1 : 0;
    if (operation == "<") return left < right ? 1 : 0;
    if (operation == ">") return left > right ? 1 : 0;
    if (operation == "<<") return number(bits(left) << (bits(right) & 63U));
    if (operation == ">>") return left >> (bits(right) & 63U);
    if (operation == "+") return number(bits(left) + bits(right));
    if (operation == "-") return number(bits(left) - bits(right));
    if (operation == "*") return number(bits(left) * bits(right));
    if (operation == "**") return power(left, right);
    return divide(operation, left, right);
  }

  std::int64_t power(std::int64_t base, std::int64_t exponent) const {
    if (exponent < 0) fail("exponent less than 0");
    std::uint64_t result = 1;
    auto square = bits(base);
    for (auto left = bits(exponent); left != 0; left >>= 1U) {
      if ((left & 1U) != 0) result *= square;
      square *= square;
    }
    return number(result);
  }

  std::int64_t divide(std::string_view operation, std::int64_t left, std::int64_t right) const {
    if (right == 0) fail("divide by zero");
    const bool overflows = left == std::numeric_limits<std::int64_t>::min() && right == -1;
    if (operation == "/") return overflows ? left : left / right;
    return overflows ? 0 : left % right;
  }

  Operand unary() {
    const ScriptBudget::Level level(budget_);
    skip_blanks();
    if (next_is("++") || next_is("--")) {
      const bool up = next_is("++");
      const auto after = text_.find_first_not_of(" \t\n\r", at_ + 2);
      if (after != std::string_view::npos && is_letter(text_[after])) {
        at_ = after;
        const auto operand = variable();
        return {assign(operand.variable, number(bits(operand.value) + bits(up ? 1 : -1))), {}};
      }
      take(up ? "+" : "-");
      const auto value = unary().value;
      return {up ? value : number(0 - bits(value)), {}};
    }
    if (take("+")) return {unary().value, {}};
    if (take("-")) return {number(0 - bits(unary().value)), {}};
    if (take("!")) return {unary().value == 0 ? 1 : 0, {}};
    if (take("~")) return {~unary().value, {}};
    return postfix();
  }

  Operand postfix() {
    if (take("(")) {
      const auto value = comma();
      if (!take(")")) fail(syntax_error);
      refuse_operand();
      return {value, {}};
    }
    if (at_end()) fail(syntax_error);
    if (is_digit(text_[at_])) {
      const auto value = literal();
      skip_blanks();
      refuse_operand();
      return {value, {}};
    }
    if (!is_letter(text_[at_])) fail(syntax_error);
    return assigned(variable());
  }

  /// What may not follow a value.
  void refuse_operand() const {
    if (!at_end() && (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '('))
      fail(syntax_error);
  }

  Operand assigned(const Operand& operand) {
    for (const std::string_view operation :
         {"<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="}) {
      if (!take(operation)) continue;
      const auto right = conditional();
      return {assign(operand.variable,
                     apply(operation.substr(0, operation.size() - 1), operand.value, right)),
              {}};
    }
    if (next_is("=") && !next_is("==")) {
      take("=");
      return {assign(operand.variable, conditional()), {}};
    }
    for (const std::string_view operation : {"++", "--"}) {
      if (!next_is(operation)) continue;
      // "x++ 1" would be a sum in one reading and a fault in the other.
      const auto after = text_.find_first_not_of(" \t\n\r", at_ + 2);
      if (after != std::string_view::npos && (is_letter(text_[after]) || is_digit(text_[after]) ||
                                              text_[after] == '(' || text_[after] == '$'))
        throw NotNative("'" + std::string(operation) + "' between two operands");
      take(operation);
      (void)assign(operand.variable,
                   number(bits(operand.value) + bits(operation == "++" ? 1 : -1)));
      return {operand.value, {}};
    }
    refuse_operand();
    return operand;
  }

  std::int64_t assign(const std::string& name, std::int64_t value) {
    if (skipped_) throw NotNative("an assignment in a part of an expression that does not count");
    variables_.set(name, std::to_string(value));
    return value;
  }

  Operand variable() {
    const auto start = at_;
    while (!at_end() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    Operand operand;
    operand.variable = text_.substr(start, at_ - start);
    skip_blanks();
    const bool only_assigned = next_is("=") && !next_is("==");
    if (!only_assigned) operand.value = value_of(operand.variable);
    return operand;
  }

  std::int64_t value_of(const std::string& name) {
    const auto value = variables_.get(name);
    if (!value) return 0;
    if (std::find(names_in_use_.begin(), names_in_use_.end(), name) != names_in_use_.end())
      fail("expression recursion loop detected");
    const ScriptBudget::Level level(budget_);
    budget_.spend_steps(1 + value->size() / 64);
    names_in_use_.push_back(name);
    const auto result =
        ArithmeticEvaluator(*value, variables_, budget_, names_in_use_, skipped_).evaluate();
    names_in_use_.pop_back();
    return result;
  }

  std::int64_t literal() {
    const auto start = at_;
    while (!at_end() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    auto digits = text_.substr(start, at_ - start);
    if (!at_end() && text_[at_] == '#') return literal_of_base(digits);
    unsigned base = 10;
    if (digits.size() > 1 && digits[0] == '0') {
      base = digits[1] == 'x' || digits[1] == 'X' ? 16 : 8;
      digits.remove_prefix(base == 16 ? 2 : 1);
    }
    if (digits.empty()) fail(syntax_error);
    return value_of_digits(digits, base);
  }

  std::int64_t literal_of_base(std::string_view base_digits) {
    ++at_;
    const auto start = at_;
    while (!at_end() && (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '@')) ++at_;
    const auto digits = text_.substr(start, at_ - start);
    // Beyond letters of one case the versions read digits differently.
    if (digits.empty() || base_digits.size() > 2 || base_digits.front() == '0')
      throw NotNative("a number of an unusual base");
    const auto base = static_cast<unsigned>(value_of_digits(base_digits, 10));
    if (base < 2 || base > 36) throw NotNative("a number of an unusual base");
    return value_of_digits(digits, base);
  }

  std::int64_t value_of_digits(std::string_view digits, unsigned base) const {
    std::uint64_t value = 0;
    for (const char c : digits) {
      unsigned digit = 99;
      if (is_digit(c)) digit = static_cast<unsigned>(c - '0');
      if (c >= 'a' && c <= 'z') digit = static_cast<unsigned>(c - 'a') + 10;
      if (c >= 'A' && c <= 'Z') digit = static_cast<unsigned>(c - 'A') + 10;
      if (digit >= base) fail(syntax_error);
      if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / base)
        throw NotNative("a number beyond 64 bits");
      value = value * base + digit;
    }
    return number(value);
  }

  std::string_view text_;
  const ArithmeticVariables& variables_;
  ScriptBudget& budget_;
  std::vector<std::string>& names_in_use_;
  bool skipped_;
  std::size_t at_ = 0;
};

}  // namespace

std::int64_t evaluate_arithmetic(std::string_view expression, const ArithmeticVariables& variables,
                                 ScriptBudget& budget) {
  budget.spend_steps(1 + expression.size() / 64);
  std::vector<std::string> names_in_use;
  return ArithmeticEvaluator(expression, variables, budget, names_in_use, false).evaluate();
}

}  // namespace tarn::builder
