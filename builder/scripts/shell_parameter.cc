#include "builder/scripts/shell_parameter.h"

#include <algorithm>

#include "builder/scripts/shell_pattern.h"

namespace tarn::builder {
namespace {

/// Pays for one comparison of a text with a pattern.
void pay(std::string_view text, std::string_view pattern, ScriptBudget& budget) {
  budget.spend_steps(1 + text.size() * pattern.size() / 256);
}

/// The places characters begin at, and the end.
std::vector<std::size_t> character_places(std::string_view text) {
  std::vector<std::size_t> places;
  std::size_t at = 0;
  for (; at < text.size(); at += character_size(text.substr(at))) places.push_back(at);
  places.push_back(text.size());
  return places;
}

}  // namespace

std::string remove_match(std::string_view value, std::string_view pattern,
                         ParameterOperator operation, ScriptBudget& budget) {
  const bool prefix = operation == ParameterOperator::remove_prefix ||
                      operation == ParameterOperator::remove_longest_prefix;
  const bool longest = operation == ParameterOperator::remove_longest_prefix ||
                       operation == ParameterOperator::remove_longest_suffix;
  if (!has_wildcards(pattern)) {
    const auto literal = without_escapes(pattern);
    if (prefix && value.starts_with(literal)) value.remove_prefix(literal.size());
    if (!prefix && value.ends_with(literal)) value.remove_suffix(literal.size());
    return std::string(value);
  }
  auto places = character_places(value);
  // From the place that leaves the shortest match on, or the longest.
  if (prefix == longest) std::reverse(places.begin(), places.end());
  for (const auto place : places) {
    const auto part = prefix ? value.substr(0, place) : value.substr(place);
    pay(part, pattern, budget);
    if (matches_pattern(pattern, part))
      return std::string(prefix ? value.substr(place) : value.substr(0, place));
  }
  return std::string(value);
}

std::string substring(std::string_view value, std::int64_t offset,
                      std::optional<std::int64_t> length) {
  const auto size = static_cast<std::int64_t>(value.size());
  if (offset < 0) offset += size;
  if (offset < 0 || offset > size) return {};
  auto end = size;
  if (length && *length < 0) {
    end = *length < -size ? 0 : size + *length;
  } else if (length) {
    end = offset + std::min(*length, size - offset);
  }
  if (end <= offset) return {};
  return std::string(
      value.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(end - offset)));
}

std::string replace_matches(std::string_view value, std::string_view pattern,
                            std::string_view replacement, ParameterOperator operation,
                            ScriptBudget& budget) {
  std::string result;
  if (pattern.empty()) return std::string(value);
  const bool is_literal = !has_wildcards(pattern);
  const auto literal = without_escapes(pattern);
  const auto longest_match = [&](std::string_view rest) -> std::size_t {
    if (is_literal) return rest.starts_with(literal) ? literal.size() : 0;
    auto places = character_places(rest);
    std::reverse(places.begin(), places.end());
    for (const auto place : places) {
      pay(rest.substr(0, place), pattern, budget);
      if (place > 0 && matches_pattern(pattern, rest.substr(0, place))) return place;
    }
    return 0;
  };
  bool done = false;
  while (!value.empty()) {
    const auto size = done ? 0 : longest_match(value);
    if (size > 0) {
      budget.spend_octets(replacement.size());
      result += replacement;
      value.remove_prefix(size);
      done = operation == ParameterOperator::replace_first;
    } else {
      const auto character = done ? value.size() : character_size(value);
      result += value.substr(0, character);
      value.remove_prefix(character);
    }
  }
  return result;
}

}  // namespace tarn::builder
