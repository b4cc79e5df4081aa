#include "builder/import/command_words.h"

#include <algorithm>
#include <charconv>

namespace tarn::builder {
namespace {

std::optional<std::uint32_t> parse_number(std::string_view text, int base) {
  std::uint32_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

CommandWords::CommandWords(const std::vector<std::string>& words, std::string_view with_value,
                           const std::vector<std::string>& long_with_value) {
  bool only_operands = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_operands || word.size() < 2 || word.front() != '-') {
      operands.push_back(word);
    } else if (word == "--") {
      only_operands = true;
    } else if (word.starts_with("--")) {
      const std::size_t equals = word.find('=');
      Option option{word.substr(0, equals), {}};
      if (equals != std::string::npos)
        option.value = word.substr(equals + 1);
      else if (std::ranges::find(long_with_value, option.name) != long_with_value.end() &&
               i + 1 < words.size())
        option.value = words[++i];
      options_.push_back(std::move(option));
    } else {
      for (std::size_t at = 1; at < word.size(); ++at) {
        Option option{std::string("-") + word[at], {}};
        const bool takes_value = with_value.find(word[at]) != std::string_view::npos;
        if (takes_value && at + 1 < word.size()) {
          option.value = word.substr(at + 1);
        } else if (takes_value && i + 1 < words.size()) {
          option.value = words[++i];
        }
        options_.push_back(std::move(option));
        if (takes_value) break;
      }
    }
  }
}

bool CommandWords::has(std::string_view short_name, std::string_view long_name) const {
  return value(short_name, long_name).has_value();
}

std::optional<std::string> CommandWords::value(std::string_view short_name,
                                               std::string_view long_name) const {
  auto values = all_values(short_name, long_name);
  if (values.empty()) return std::nullopt;
  return std::move(values.back());
}

std::vector<std::string> CommandWords::all_values(std::string_view short_name,
                                                  std::string_view long_name) const {
  std::vector<std::string> values;
  for (const Option& option : options_)
    if (option.name == short_name || option.name == long_name) values.push_back(option.value);
  return values;
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
  return parse_number(text, 10);
}

std::optional<std::uint32_t> parse_mode(std::string_view text) {
  const auto mode = parse_number(text, 8);
  return mode && *mode <= 07777 ? mode : std::nullopt;
}

std::optional<std::string> unescape(std::string_view text) {
  constexpr std::string_view letters = "ntr\\\"'ab";
  constexpr std::string_view meanings = "\n\t\r\\\"'\a\b";
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    const std::size_t known = letters.find(text[i]);
    if (known == std::string_view::npos) return std::nullopt;
    result += meanings[known];
  }
  return result;
}

}  // namespace tarn::builder
