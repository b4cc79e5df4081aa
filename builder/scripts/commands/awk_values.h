#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/commands/regular_expression.h"

namespace tarn::builder {

/// A value of awk. Text that came from outside counts as a number where it looks like one.
struct AwkValue {
  enum class Kind { unset, number, text, input };
  Kind kind = Kind::unset;
  double number = 0;
  std::string text;

  static AwkValue of(double number) { return {Kind::number, number, {}}; }
  static AwkValue of_size(std::size_t size) { return of(static_cast<double>(size)); }
  static AwkValue of(std::string text) { return {Kind::text, 0, std::move(text)}; }
  static AwkValue of_input(std::string text) { return {Kind::input, 0, std::move(text)}; }

  /// As a number: what the text begins with, else 0. Throws NotNative for hexadecimal numbers and
  /// what strtod takes for infinite or none.
  double to_number() const;
  std::string to_text() const;
  bool is_true() const;
  bool is_numeric() const;
};

/// -1, 0 or 1: as numbers where both are, else as texts.
int compare(const AwkValue& a, const AwkValue& b);

/// A number as print shows it: whole ones in full, others with %.6g.
std::string number_text(double number);

/// What parts fields: blanks, one character, or an expression.
class AwkSeparator {
 public:
  /// As -F, FS or the last argument of split say it.
  explicit AwkSeparator(const std::string& text);
  explicit AwkSeparator(RegularExpression expression) : expression_(std::move(expression)) {}
  std::vector<std::string> split(std::string_view text, ScriptBudget& budget) const;

 private:
  char character_ = ' ';
  std::optional<RegularExpression> expression_;
};

/// An extended regular expression; NotNative when it is none.
RegularExpression awk_expression(const std::string& pattern);

}  // namespace tarn::builder
