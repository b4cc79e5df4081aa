#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "builder/scripts/commands/awk_run.h"

namespace tarn::builder {

namespace {

using Kind = AwkExpression::Kind;
using Beginning = RegularExpression::Beginning;

constexpr std::size_t widest = 4096;  // of one conversion of printf

/// A number cut to a whole one of the range a C int has.
long long whole(double number) {
  if (!(number > -2e9 && number < 2e9)) throw NotNative("awk: a number that large");
  return static_cast<long long>(number);
}

/// The replacement of a match: '&' stands for the match, "\&" for itself.
std::string replacement_of(std::string_view replacement, std::string_view matched) {
  std::string result;
  std::size_t backslashes = 0;
  for (const char c : replacement) {
    if (c == '\\') {
      ++backslashes;
      continue;
    }
    if (c == '&') {
      result.append(backslashes / 2, '\\');
      result += backslashes % 2 == 0 ? matched : std::string_view("&");
    } else {
      result.append(backslashes, '\\');
      result += c;
    }
    backslashes = 0;
  }
  result.append(backslashes, '\\');
  return result;
}

}  // namespace

AwkValue AwkRun::call(const AwkExpression& expression) {
  const std::string& name = expression.text;
  const std::vector<AwkExpression>& parts = expression.parts;
  if (name == "length") {
    if (parts.empty()) return AwkValue::of_size(line_.size());
    if (parts[0].kind == Kind::variable && arrays_.contains(parts[0].text)) {
      return AwkValue::of_size(arrays_[parts[0].text].size());
    }
    return AwkValue::of_size(text(parts[0]).size());
  }
  if (name == "substr") return substr(expression);
  if (name == "index") {
    const std::string whole = text(parts[0]);
    const std::string part = text(parts[1]);
    const std::size_t found = whole.find(part);
    return AwkValue::of(
        part.empty() || found == std::string::npos ? 0.0 : static_cast<double>(found + 1));
  }
  if (name == "split") return split(expression);
  if (name == "sub" || name == "gsub") return substitute(expression);
  if (name == "match") return find_match(expression);
  if (name == "tolower" || name == "toupper") {
    std::string result = text(parts[0]);
    for (char& c : result) {
      if (name == "tolower" && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      if (name == "toupper" && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return AwkValue::of(std::move(result));
  }
  if (name == "sprintf") return AwkValue::of(formatted(parts));
  return AwkValue::of(std::trunc(number(parts[0])));  // int
}

AwkValue AwkRun::substr(const AwkExpression& expression) {
  const std::string text = this->text(expression.parts[0]);
  const auto length = static_cast<long long>(text.size());
  const long long start = std::clamp(whole(number(expression.parts[1]) - 1), 0LL, length);
  long long count = length - start;
  if (expression.parts.size() > 2) count = std::max(0LL, whole(number(expression.parts[2])));
  return AwkValue::of(
      text.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(count)));
}

AwkValue AwkRun::split(const AwkExpression& expression) {
  const std::string whole = text(expression.parts[0]);
  AwkSeparator separator(" ");
  if (expression.parts.size() < 3) {
    separator = AwkSeparator(variables_["FS"].to_text());
  } else if (expression.parts[2].kind == Kind::expression) {
    separator = AwkSeparator(*expression.parts[2].expression);
  } else {
    separator = AwkSeparator(text(expression.parts[2]));
  }
  auto& elements = array(expression.parts[1].text);
  elements.clear();
  const std::vector<std::string> fields = separator.split(whole, invocation_.budget);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    elements[std::to_string(i + 1)] = AwkValue::of_input(fields[i]);
  }
  return AwkValue::of_size(fields.size());
}

AwkValue AwkRun::substitute(const AwkExpression& expression) {
  const RegularExpression wanted = expression_of(expression.parts[0]);
  const std::string replacement = text(expression.parts[1]);
  const bool given = expression.parts.size() > 2;
  const std::string whole = given ? text(expression.parts[2]) : line_;
  std::string result;
  std::size_t from = 0;
  std::size_t count = 0;
  bool after_match = false;
  while (true) {
    const auto found = wanted.find_whole(
        whole, from, from == 0 ? Beginning::of_line : Beginning::not_of_line, invocation_.budget);
    if (!found) break;
    const bool empty = found->begin == found->end;
    if (empty && after_match && found->begin == from) {
      throw NotNative("awk: an empty match behind another");
    }
    ++count;
    result += std::string_view(whole).substr(from, found->begin - from);
    result += replacement_of(
        replacement, std::string_view(whole).substr(found->begin, found->end - found->begin));
    invocation_.budget.spend_octets(result.size());
    from = found->end;
    after_match = !empty;
    if (expression.text == "sub") break;
    if (!empty) continue;
    if (from >= whole.size()) break;
    result += whole[from++];
  }
  if (count == 0) return AwkValue::of(0.0);
  result += std::string_view(whole).substr(from);
  if (given) {
    set(expression.parts[2], AwkValue::of(std::move(result)));
  } else {
    set_line(std::move(result));
  }
  return AwkValue::of_size(count);
}

AwkValue AwkRun::find_match(const AwkExpression& expression) {
  const std::string whole = text(expression.parts[0]);
  const auto found = expression_of(expression.parts[1])
                         .find_whole(whole, 0, Beginning::of_line, invocation_.budget);
  const double start = found ? static_cast<double>(found->begin + 1) : 0.0;
  set_variable("RSTART", AwkValue::of(start));
  set_variable("RLENGTH",
               AwkValue::of(found ? static_cast<double>(found->end - found->begin) : -1.0));
  return AwkValue::of(start);
}

std::string AwkRun::format_one(const std::string& directive, char conversion,
                               const AwkValue& argument) {
  char buffer[2 * widest];
  int length = -1;
  if (conversion == 'd' || conversion == 'i' || conversion == 'o' || conversion == 'u' ||
      conversion == 'x' || conversion == 'X') {
    const double number = argument.to_number();
    if (!(std::fabs(number) < 9e18) || (number < 0 && conversion != 'd' && conversion != 'i')) {
      throw NotNative("awk: printf of a number like that");
    }
    length = std::snprintf(buffer, sizeof buffer, (directive + "ll" + conversion).c_str(),
                           static_cast<long long>(number));
  } else if (conversion == 'c') {
    if (argument.is_numeric() && argument.kind != AwkValue::Kind::text) {
      const double code = argument.to_number();
      if (!(code >= 1 && code < 128)) throw NotNative("awk: printf %c of a number like that");
      length =
          std::snprintf(buffer, sizeof buffer, (directive + 'c').c_str(), static_cast<int>(code));
    } else {
      if (argument.text.empty()) throw NotNative("awk: printf %c of nothing");
      length = std::snprintf(buffer, sizeof buffer, (directive + 'c').c_str(), argument.text[0]);
    }
  } else if (conversion == 's') {
    const std::string text = argument.to_text();
    if (directive == "%") return text;
    if (text.size() > widest) throw NotNative("awk: printf of a text that long");
    length = std::snprintf(buffer, sizeof buffer, (directive + 's').c_str(), text.c_str());
  } else {
    const double number = argument.to_number();
    if (!std::isfinite(number)) throw NotNative("awk: a number without bounds");
    length = std::snprintf(buffer, sizeof buffer, (directive + conversion).c_str(), number);
  }
  if (length < 0 || static_cast<std::size_t>(length) >= sizeof buffer) {
    throw NotNative("awk: printf of what is that long");
  }
  return {buffer, static_cast<std::size_t>(length)};
}

std::string AwkRun::formatted(const std::vector<AwkExpression>& parts) {
  if (parts.empty()) throw NotNative("awk: printf without a format");
  const std::string format = text(parts[0]);
  std::string result;
  std::size_t next = 1;
  for (std::size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      result += format[i++];
      continue;
    }
    const std::size_t end = format.find_first_not_of("-+ #0123456789.", i + 1);
    if (end == std::string::npos) throw NotNative("awk: a format that ends too soon");
    const std::string directive = format.substr(i, end - i);
    const char conversion = format[end];
    i = end + 1;
    if (conversion == '%' && directive == "%") {
      result += '%';
      continue;
    }
    if (std::string_view("diouxXcsfeEgG").find(conversion) == std::string_view::npos ||
        directive.size() > 8) {
      throw NotNative("awk: the format " + format);
    }
    result +=
        format_one(directive, conversion, next < parts.size() ? value(parts[next]) : AwkValue{});
    ++next;
    invocation_.budget.spend_octets(result.size());
  }
  return result;
}

}  // namespace tarn::builder
