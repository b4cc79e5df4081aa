#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builder/recipe/spelling.h"
#include "builder/recipe/yaml.h"

namespace tarn::builder {

/// Reading YAML nodes as values of a given type. `path` names the place for messages
/// ("contents.packages"); each throws Error (usage) with the position when the node is something
/// else.

/// Any scalar, as it is written.
const std::string& read_text(const YamlNode& node, const std::string& path);
/// A plain whole number: decimal, 0x…, 0b…, octal as 0o755 or 0755; '_' may part digits.
std::uint64_t read_number(const YamlNode& node, const std::string& path, std::uint64_t smallest,
                          std::uint64_t largest);
/// true, false, and the older yes, no, on, off, y, n.
bool read_boolean(const YamlNode& node, const std::string& path);
/// A list of texts, none empty.
std::vector<Located> read_texts(const YamlNode& node, const std::string& path);
/// A mapping from texts to texts; a key without a value has an empty one.
std::map<std::string, std::string> read_text_map(const YamlNode& node, const std::string& path);
/// The items of a list.
const std::vector<YamlNodePtr>& read_list(const YamlNode& node, const std::string& path);
/// The entries of a mapping.
const std::vector<YamlEntry>& read_mapping(const YamlNode& node, const std::string& path);

/// A mapping with a fixed set of keys. An unknown key is an Error that names the nearest known one.
class KeyedMapping {
 public:
  /// `path` is empty for the recipe itself.
  KeyedMapping(const YamlNode& node, std::string path, std::vector<std::string> keys);

  const Position& position() const { return node_.position; }
  /// The value of `key`; null when the key is absent or has no value.
  const YamlNode* find(std::string_view key) const;
  /// Throws Error when it is absent.
  const YamlNode& require(std::string_view key) const;
  /// "PATH.KEY".
  std::string path_of(std::string_view key) const;

  std::string text(std::string_view key) const;           ///< empty when absent
  std::string required_text(std::string_view key) const;  ///< neither absent nor empty
  std::optional<std::uint32_t> number(std::string_view key, std::uint32_t largest) const;
  bool boolean(std::string_view key) const;  ///< false when absent
  std::vector<Located> texts(std::string_view key) const;
  std::map<std::string, std::string> text_map(std::string_view key) const;
  /// The items of a list of mappings; empty when absent.
  std::vector<YamlNodePtr> list(std::string_view key) const;

 private:
  const YamlNode& node_;
  std::string path_;
  std::vector<std::string> keys_;
};

/// The value that `words` has for the text of `node`; throws Error naming the known words.
template <typename Value>
Value read_choice(const YamlNode& node, const std::string& path,
                  const std::vector<std::pair<std::string, Value>>& words) {
  const auto& text = read_text(node, path);
  std::vector<std::string> known;
  for (const auto& [word, value] : words) {
    if (word == text) return value;
    known.push_back(word);
  }
  throw recipe_error(node.position, path + ": unknown value " + quote(text))
      .hint(spelling_hint(text, known, "values"));
}

}  // namespace tarn::builder
