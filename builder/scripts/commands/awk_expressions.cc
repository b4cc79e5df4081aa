#include <cmath>
#include <utility>

#include "builder/scripts/commands/awk_run.h"

namespace tarn::builder {

namespace {

using Kind = AwkExpression::Kind;

double compute(const std::string& sign, double a, double b) {
  if (sign == "+") return a + b;
  if (sign == "-") return a - b;
  if (sign == "*") return a * b;
  if (sign == "^") return std::pow(a, b);
  if (b == 0) throw NotNative("awk: division by zero");
  if (sign == "/") return a / b;
  if (std::fabs(a) > 9e15 || std::fabs(b) > 9e15) throw NotNative("awk: % of numbers that large");
  // busybox takes the whole numbers in both.
  if (a != std::trunc(a) || b != std::trunc(b)) throw NotNative("awk: % of fractions");
  return std::fmod(a, b);
}

}  // namespace

std::string AwkRun::subscript(const std::vector<AwkExpression>& parts) {
  std::string key;
  for (const AwkExpression& part : parts) {
    if (&part != &parts.front()) key += variables_["SUBSEP"].to_text();
    key += text(part);
  }
  return key;
}

AwkValue AwkRun::value(const AwkExpression& expression) {
  invocation_.budget.spend_steps();
  switch (expression.kind) {
    case Kind::number:
      return AwkValue::of(expression.number);
    case Kind::text:
      return AwkValue::of(expression.text);
    case Kind::expression:
      return AwkValue::of(expression.expression->matches(line_, invocation_.budget) ? 1.0 : 0.0);
    case Kind::variable:
      return variable(expression.text);
    case Kind::element: {
      const std::string key = subscript(expression.parts);
      return array(expression.text)[key];
    }
    case Kind::field:
      return field(field_index(number(expression.parts[0])));
    case Kind::assignment:
      return assignment(expression);
    case Kind::conditional:
      return value(expression.parts[value(expression.parts[0]).is_true() ? 1 : 2]);
    case Kind::either:
    case Kind::both: {
      const bool left = value(expression.parts[0]).is_true();
      if (left == (expression.kind == Kind::either)) return AwkValue::of(left ? 1.0 : 0.0);
      return AwkValue::of(value(expression.parts[1]).is_true() ? 1.0 : 0.0);
    }
    case Kind::membership: {
      const std::string key = subscript(expression.parts);
      return AwkValue::of(array(expression.text).contains(key) ? 1.0 : 0.0);
    }
    case Kind::match:
      return match(expression);
    case Kind::comparison:
      return comparison(expression);
    case Kind::concatenation:
      return concatenation(expression);
    case Kind::arithmetic:
      return arithmetic(expression);
    case Kind::unary: {
      const AwkValue operand = value(expression.parts[0]);
      if (expression.text == "!") return AwkValue::of(operand.is_true() ? 0.0 : 1.0);
      const double number = operand.to_number();
      return AwkValue::of(expression.text == "-" ? -number : number);
    }
    case Kind::change_before:
    case Kind::change_after:
      return change(expression);
    case Kind::call:
      return call(expression);
    case Kind::group:
      if (expression.parts.size() != 1) throw NotNative("awk: several values in the place of one");
      return value(expression.parts[0]);
  }
  return {};
}

void AwkRun::set(const AwkExpression& target, AwkValue value) {
  invocation_.budget.spend_octets(value.text.size());
  if (target.kind == Kind::variable) {
    set_variable(target.text, std::move(value));
  } else if (target.kind == Kind::element) {
    const std::string key = subscript(target.parts);
    array(target.text)[key] = std::move(value);
  } else {
    const std::size_t index = field_index(number(target.parts[0]));
    set_field(index, value.to_text());
    // A field keeps what it was given: a number, or a text that is none.
    if (index > 0) fields_[index - 1] = std::move(value);
  }
}

AwkValue AwkRun::assignment(const AwkExpression& expression) {
  const bool computes = expression.text != "=";
  const double left = computes ? number(expression.parts[0]) : 0;
  AwkValue result = value(expression.parts[1]);
  if (computes) {
    result = AwkValue::of(compute(expression.text.substr(0, 1), left, result.to_number()));
  }
  set(expression.parts[0], result);
  return result;
}

AwkValue AwkRun::change(const AwkExpression& expression) {
  const double before = number(expression.parts[0]);
  const double after = before + (expression.text == "++" ? 1 : -1);
  set(expression.parts[0], AwkValue::of(after));
  return AwkValue::of(expression.kind == Kind::change_before ? after : before);
}

AwkValue AwkRun::arithmetic(const AwkExpression& expression) {
  const double left = number(expression.parts[0]);
  const double right = number(expression.parts[1]);
  return AwkValue::of(compute(expression.text, left, right));
}

AwkValue AwkRun::comparison(const AwkExpression& expression) {
  const AwkValue left = value(expression.parts[0]);
  const AwkValue right = value(expression.parts[1]);
  const int order = compare(left, right);
  const std::string& sign = expression.text;
  bool holds = false;
  if (sign == "<") holds = order < 0;
  if (sign == "<=") holds = order <= 0;
  if (sign == "==") holds = order == 0;
  if (sign == "!=") holds = order != 0;
  if (sign == ">=") holds = order >= 0;
  if (sign == ">") holds = order > 0;
  return AwkValue::of(holds ? 1.0 : 0.0);
}

AwkValue AwkRun::match(const AwkExpression& expression) {
  const std::string left = text(expression.parts[0]);
  const bool found = expression_of(expression.parts[1]).matches(left, invocation_.budget);
  return AwkValue::of(found == (expression.text == "~") ? 1.0 : 0.0);
}

AwkValue AwkRun::concatenation(const AwkExpression& expression) {
  std::string result;
  for (const AwkExpression& part : expression.parts) result += text(part);
  invocation_.budget.spend_octets(result.size());
  return AwkValue::of(std::move(result));
}

/// The regular expression a value stands for.
RegularExpression AwkRun::expression_of(const AwkExpression& expression) {
  if (expression.kind == Kind::expression) return *expression.expression;
  const std::string pattern = text(expression);
  const auto known = expressions_.find(pattern);
  if (known != expressions_.end()) return known->second;
  if (expressions_.size() > 1000) throw NotNative("awk: that many regular expressions");
  return expressions_.emplace(pattern, awk_expression(pattern)).first->second;
}

}  // namespace tarn::builder
