#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apk/support/error.h"
#include "builder/recipe/recipe.h"

namespace tarn::builder {

struct YamlNode;
using YamlNodePtr = std::shared_ptr<const YamlNode>;

/// One key of a mapping with its value.
struct YamlEntry {
  std::string key;
  Position position;  ///< of the key
  YamlNodePtr value;
};

/// A node of a YAML document. Aliases share the node they name.
struct YamlNode {
  enum class Kind { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  Position position;
  std::string text;                ///< of a scalar
  bool plain = false;              ///< a scalar without quotes: may be a number or a truth value
  std::vector<YamlNodePtr> items;  ///< of a sequence
  std::vector<YamlEntry> entries;  ///< of a mapping, keys unique, in the order written

  /// What it is, to show: "nothing", "a list", "a mapping", or the text in quotes.
  std::string describe() const;
};

/// The most octets parse_yaml() takes; larger content belongs into a file of its own.
constexpr std::size_t yaml_size_limit = std::size_t{4} << 20U;

/// Reads the one document of `text` (YAML 1.2 as yaml-cpp reads it, in UTF-8); `name` is what
/// positions call the file. Merge keys (`<<`) are resolved. Throws Error (usage) with the position
/// for: broken syntax, an unclosed quote, a key given twice (with both positions), a key that is no
/// text, tags other than the core ones, octets that are not UTF-8 or are NUL, more than one
/// document or none, nesting deeper than 64, and documents that aliases blow up beyond 16 MiB.
YamlNodePtr parse_yaml(std::string_view text, const std::string& name);

/// `text` in quotes, to show: cut when long, control characters escaped, credentials hidden.
std::string quote(std::string_view text);

/// An Error (usage) whose message begins with the position: "FILE:LINE:COLUMN: MESSAGE".
Error recipe_error(const Position& position, const std::string& message);

}  // namespace tarn::builder
