#include "builder/recipe/decode.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/core.h>

namespace tarn::builder {
namespace {

Error wrong_type(const YamlNode& node, const std::string& path, std::string_view expected) {
  const std::string place = path.empty() ? "a recipe" : path;
  return recipe_error(node.position,
                      fmt::format("{}: expected {}, found {}", place, expected, node.describe()));
}

/// The digits of a whole number without its prefix, and their base.
struct Digits {
  std::string_view text;
  int base;
};

Digits digits_of(std::string_view text) {
  if (text.size() < 2 || text[0] != '0') return {text, 10};
  switch (text[1]) {
    case 'x':
    case 'X':
      return {text.substr(2), 16};
    case 'o':
    case 'O':
      return {text.substr(2), 8};
    case 'b':
    case 'B':
      return {text.substr(2), 2};
    default:
      return {text.substr(1), 8};
  }
}

enum class NumberError { none, malformed, out_of_range };

NumberError parse_number(const std::string& written, std::uint64_t& number) {
  std::string text = written;
  std::erase(text, '_');
  if (text.starts_with('+')) text.erase(0, 1);
  const bool negative = text.starts_with('-');
  if (negative) text.erase(0, 1);
  const auto digits = digits_of(text);
  const char* end = digits.text.data() + digits.text.size();
  const auto result = std::from_chars(digits.text.data(), end, number, digits.base);
  if (result.ptr != end || result.ec == std::errc::invalid_argument) return NumberError::malformed;
  if (result.ec == std::errc::result_out_of_range || (negative && number != 0))
    return NumberError::out_of_range;
  return NumberError::none;
}

}  // namespace

const std::string& read_text(const YamlNode& node, const std::string& path) {
  if (node.kind != YamlNode::Kind::scalar) throw wrong_type(node, path, "a text");
  return node.text;
}

std::uint64_t read_number(const YamlNode& node, const std::string& path, std::uint64_t smallest,
                          std::uint64_t largest) {
  std::uint64_t number = 0;
  auto result = NumberError::malformed;
  if (node.kind == YamlNode::Kind::scalar) result = parse_number(node.text, number);
  if (result == NumberError::malformed) throw wrong_type(node, path, "a whole number");
  if (!node.plain)
    throw wrong_type(node, path, "a whole number").hint("a number is written without quotes");
  if (result == NumberError::out_of_range || number < smallest || number > largest)
    throw recipe_error(node.position, fmt::format("{}: {} is out of range", path, node.text))
        .detail("expected", fmt::format("{} to {}", smallest, largest));
  return number;
}

bool read_boolean(const YamlNode& node, const std::string& path) {
  static constexpr std::array truths = {"true", "True", "TRUE", "yes", "on", "y", "Y"};
  static constexpr std::array lies = {"false", "False", "FALSE", "no", "off", "n", "N"};
  if (node.kind == YamlNode::Kind::scalar && node.plain) {
    const auto is_text = [&](const char* word) { return node.text == word; };
    if (std::any_of(truths.begin(), truths.end(), is_text)) return true;
    if (std::any_of(lies.begin(), lies.end(), is_text)) return false;
  }
  throw wrong_type(node, path, "true or false");
}

const std::vector<YamlNodePtr>& read_list(const YamlNode& node, const std::string& path) {
  if (node.kind == YamlNode::Kind::sequence) return node.items;
  auto error = wrong_type(node, path, "a list");
  if (node.kind == YamlNode::Kind::scalar)
    error.hint("a list of one is written as '- VALUE' or '[VALUE]'");
  throw error;
}

const std::vector<YamlEntry>& read_mapping(const YamlNode& node, const std::string& path) {
  if (node.kind != YamlNode::Kind::mapping) throw wrong_type(node, path, "a mapping");
  return node.entries;
}

std::vector<Located> read_texts(const YamlNode& node, const std::string& path) {
  std::vector<Located> texts;
  for (const auto& item : read_list(node, path)) {
    if (item->kind == YamlNode::Kind::null || read_text(*item, path).empty())
      throw recipe_error(item->position, path + ": an empty item");
    texts.push_back({item->text, item->position});
  }
  return texts;
}

std::map<std::string, std::string> read_text_map(const YamlNode& node, const std::string& path) {
  std::map<std::string, std::string> texts;
  for (const auto& entry : read_mapping(node, path)) {
    const bool is_null = entry.value->kind == YamlNode::Kind::null;
    texts[entry.key] = is_null ? "" : read_text(*entry.value, path + "." + entry.key);
  }
  return texts;
}

KeyedMapping::KeyedMapping(const YamlNode& node, std::string path, std::vector<std::string> keys)
    : node_(node), path_(std::move(path)), keys_(std::move(keys)) {
  for (const auto& entry : read_mapping(node, path_)) {
    if (std::find(keys_.begin(), keys_.end(), entry.key) != keys_.end()) continue;
    throw recipe_error(entry.position, "unknown key " + quote(entry.key))
        .hint(spelling_hint(entry.key, keys_,
                            path_.empty() ? "keys of a recipe" : "keys of " + path_));
  }
}

const YamlNode* KeyedMapping::find(std::string_view key) const {
  for (const auto& entry : node_.entries)
    if (entry.key == key)
      return entry.value->kind == YamlNode::Kind::null ? nullptr : entry.value.get();
  return nullptr;
}

const YamlNode& KeyedMapping::require(std::string_view key) const {
  if (const auto* value = find(key)) return *value;
  throw recipe_error(node_.position, fmt::format("{}: '{}' is missing", path_, key));
}

std::string KeyedMapping::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

std::string KeyedMapping::text(std::string_view key) const {
  const auto* value = find(key);
  return value == nullptr ? "" : read_text(*value, path_of(key));
}

std::string KeyedMapping::required_text(std::string_view key) const {
  const auto& value = require(key);
  const auto& found = read_text(value, path_of(key));
  if (found.empty()) throw recipe_error(value.position, path_of(key) + " is empty");
  return found;
}

std::optional<std::uint32_t> KeyedMapping::number(std::string_view key,
                                                  std::uint32_t largest) const {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  return static_cast<std::uint32_t>(read_number(*value, path_of(key), 0, largest));
}

bool KeyedMapping::boolean(std::string_view key) const {
  const auto* value = find(key);
  return value != nullptr && read_boolean(*value, path_of(key));
}

std::vector<Located> KeyedMapping::texts(std::string_view key) const {
  const auto* value = find(key);
  return value == nullptr ? std::vector<Located>() : read_texts(*value, path_of(key));
}

std::map<std::string, std::string> KeyedMapping::text_map(std::string_view key) const {
  const auto* value = find(key);
  return value == nullptr ? std::map<std::string, std::string>()
                          : read_text_map(*value, path_of(key));
}

std::vector<YamlNodePtr> KeyedMapping::list(std::string_view key) const {
  const auto* value = find(key);
  return value == nullptr ? std::vector<YamlNodePtr>() : read_list(*value, path_of(key));
}

}  // namespace tarn::builder
