#include "builder/scripts/commands/awk_values.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "builder/scripts/command.h"

namespace tarn::builder {

namespace {

constexpr std::string_view spaces = " \t\n\v\f\r";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct Reading {
  double value = 0;
  std::size_t end = 0;   ///< behind the number
  bool special = false;  ///< what strtod reads in ways that are not built
};

/// The decimal number a text begins with.
Reading read_number(const std::string& text) {
  Reading reading;
  std::size_t at = std::min(text.find_first_not_of(spaces), text.size());
  const std::size_t start = at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  if (at < text.size() && ((text[at] | 0x20) == 'i' || (text[at] | 0x20) == 'n')) {
    std::string word = text.substr(at, 3);
    for (char& c : word) c = static_cast<char>(c | 0x20);
    reading.special = word == "inf" || word == "nan";
    return reading;
  }
  if (at + 1 < text.size() && text[at] == '0' && (text[at + 1] | 0x20) == 'x') {
    reading.special = true;
    return reading;
  }
  std::size_t digits = 0;
  while (at < text.size() && is_digit(text[at])) ++at, ++digits;
  if (at < text.size() && text[at] == '.') {
    ++at;
    while (at < text.size() && is_digit(text[at])) ++at, ++digits;
  }
  if (digits == 0) return reading;
  if (at < text.size() && (text[at] | 0x20) == 'e') {
    std::size_t exponent = at + 1;
    if (exponent < text.size() && (text[exponent] == '-' || text[exponent] == '+')) ++exponent;
    const std::size_t first = exponent;
    while (exponent < text.size() && is_digit(text[exponent])) ++exponent;
    if (exponent > first) at = exponent;
  }
  reading.end = at;
  reading.value = std::strtod(text.substr(start, at - start).c_str(), nullptr);
  return reading;
}

}  // namespace

double AwkValue::to_number() const {
  if (kind == Kind::number) return number;
  const Reading reading = read_number(text);
  if (reading.special) throw NotNative("awk: a number of another form");
  return reading.value;
}

std::string AwkValue::to_text() const {
  return kind == Kind::number ? number_text(number) : text;
}

bool AwkValue::is_numeric() const {
  if (kind == Kind::number || kind == Kind::unset) return true;
  if (kind == Kind::text || text.empty()) return false;
  const Reading reading = read_number(text);
  if (reading.special) throw NotNative("awk: a number of another form");
  return reading.end != 0 && text.find_first_not_of(spaces, reading.end) == std::string::npos;
}

bool AwkValue::is_true() const {
  return is_numeric() ? to_number() != 0 : !text.empty();
}

int compare(const AwkValue& a, const AwkValue& b) {
  if (a.is_numeric() && b.is_numeric()) {
    const double x = a.to_number();
    const double y = b.to_number();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  const int order = a.to_text().compare(b.to_text());
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

std::string number_text(double number) {
  if (std::isnan(number) || std::isinf(number)) throw NotNative("awk: a number without bounds");
  if (std::fabs(number) < 9e18 && number == std::trunc(number)) {
    return std::to_string(static_cast<long long>(number));
  }
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.6g", number);
  return buffer;
}

RegularExpression awk_expression(const std::string& pattern) {
  try {
    return RegularExpression(pattern, RegularExpression::Syntax::extended);
  } catch (const RegularExpression::BadPattern& bad) {
    throw NotNative("awk: a regular expression that is none: " + bad.complaint);
  }
}

AwkSeparator::AwkSeparator(const std::string& text) {
  if (text.empty()) throw NotNative("awk: fields of one character each");
  character_ = text[0];
  if (text.size() > 1) expression_ = awk_expression(text);
  if (text == "\n" || text == "\\") throw NotNative("awk: such a field separator");
}

std::vector<std::string> AwkSeparator::split(std::string_view text, ScriptBudget& budget) const {
  std::vector<std::string> fields;
  if (text.empty()) return fields;
  if (expression_) {
    std::size_t from = 0;
    while (true) {
      const auto found =
          expression_->find_whole(text, from,
                                  from == 0 ? RegularExpression::Beginning::of_line
                                            : RegularExpression::Beginning::not_of_line,
                                  budget);
      if (found && found->begin == found->end) throw NotNative("awk: a separator without length");
      const std::size_t end = found ? found->begin : text.size();
      fields.emplace_back(text.substr(from, end - from));
      if (!found) break;
      from = found->end;
    }
  } else if (character_ == ' ') {
    for (std::size_t at = 0; (at = text.find_first_not_of(spaces, at)) != std::string_view::npos;) {
      const std::size_t end = std::min(text.find_first_of(spaces, at), text.size());
      fields.emplace_back(text.substr(at, end - at));
      at = end;
    }
  } else {
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find(character_, at), text.size());
      fields.emplace_back(text.substr(at, end - at));
      at = end + 1;
    }
  }
  budget.spend_steps(fields.size());
  return fields;
}

}  // namespace tarn::builder
