#include "builder/import/variables.h"

#include <cctype>
#include <utility>

namespace tarn::builder {
namespace {

constexpr int deepest = 32;

bool is_name_part(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string_view name_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_name_part(text[end])) ++end;
  return text.substr(at, end - at);
}

/// The end of ${…} that begins at `at`: the place of its '}'.
std::size_t closing_brace(std::string_view text, std::size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '{') {
      ++depth;
    } else if (text[at] == '}' && --depth == 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

std::optional<std::string> expand(std::string_view text, const Variables& variables, int depth);

/// The value of what stands between braces.
std::optional<std::string> expand_braces(std::string_view inner, const Variables& variables,
                                         int depth) {
  const std::string_view name = name_at(inner, 0);
  if (name.empty()) return std::nullopt;
  const auto found = variables.find(name);
  const std::string value = found == variables.end() ? std::string() : found->second;
  std::string_view rest = inner.substr(name.size());
  if (rest.empty()) return value;
  const bool empty_counts = rest.starts_with(':');
  if (empty_counts) rest.remove_prefix(1);
  const bool has_value = empty_counts ? !value.empty() : found != variables.end();
  if (rest.starts_with('-')) {
    if (has_value) return value;
    return expand(rest.substr(1), variables, depth + 1);
  }
  if (rest.starts_with('+')) {
    if (!has_value) return std::string();
    return expand(rest.substr(1), variables, depth + 1);
  }
  return std::nullopt;
}

std::optional<std::string> expand(std::string_view text, const Variables& variables, int depth) {
  if (depth > deepest) return std::nullopt;
  std::string result;
  bool in_single_quotes = false;
  bool in_double_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'' && !in_double_quotes) in_single_quotes = !in_single_quotes;
    if (c == '"' && !in_single_quotes) in_double_quotes = !in_double_quotes;
    if (c == '\\' && i + 1 < text.size() && text[i + 1] == '$' && !in_single_quotes) {
      result += '$';
      ++i;
    } else if (c != '$' || in_single_quotes || i + 1 == text.size()) {
      result += c;
    } else if (text[i + 1] == '{') {
      const std::size_t end = closing_brace(text, i + 1);
      if (end == std::string_view::npos) return std::nullopt;
      const auto value = expand_braces(text.substr(i + 2, end - i - 2), variables, depth);
      if (!value) return std::nullopt;
      result += *value;
      i = end;
    } else if (const std::string_view name = name_at(text, i + 1); !name.empty()) {
      const auto found = variables.find(name);
      if (found != variables.end()) result += found->second;
      i += name.size();
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

std::optional<std::string> expand_variables(std::string_view text, const Variables& variables) {
  return expand(text, variables, 0);
}

}  // namespace tarn::builder
