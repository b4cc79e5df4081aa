#include "builder/recipe/yaml_writer.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace tarn::builder {
namespace {

using Json = nlohmann::ordered_json;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Words that some YAML reader takes for a truth value or for nothing.
bool is_special_word(std::string_view text) {
  static constexpr std::array words = {"null", "true", "false", "yes", "no", "on",
                                       "off",  "y",    "n",     "nan", "inf"};
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return std::find(words.begin(), words.end(), lower) != words.end();
}

/// Plain text that cannot be anything but a string: it begins with a letter, '/' or "./", and has
/// no character that means something. Anything else is quoted.
bool is_plain(std::string_view text) {
  if (text.empty() || is_special_word(text)) return false;
  const bool begins_well = (is_alphanumeric(text.front()) && text.front() > '9') ||
                           text.front() == '/' || text.starts_with("./") || text.starts_with("../");
  if (!begins_well || text.back() == ':' || text.back() == ' ') return false;
  static constexpr std::string_view allowed = " /.:=_-+~@<>()${}%&?;,";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_alphanumeric(text[i]) && allowed.find(text[i]) == std::string_view::npos) return false;
    if (text[i] == ':' && i + 1 < text.size() && text[i + 1] == ' ') return false;
  }
  return true;
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      result.append("\\").push_back(c);
    else if (c == '\n')
      result.append("\\n");
    else if (c == '\t')
      result.append("\\t");
    else if (octet < 0x20 || octet == 0x7f)
      result.append(fmt::format("\\x{:02x}", octet));
    else
      result.push_back(c);
  }
  return result + "\"";
}

/// Whether a literal block gives `text` back: lines of ASCII that neither begin nor end with white
/// space, none empty but for one line feed at the very end.
bool is_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.size() < 2) return false;
  char before = '\n';
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c != '\n' && (octet < 0x20 || octet > 0x7e)) return false;
    if (before == '\n' && (c == ' ' || c == '\n')) return false;
    if (c == '\n' && before == ' ') return false;
    before = c;
  }
  return before != ' ';
}

class Writer {
 public:
  std::string take() { return std::move(text_); }

  /// The value of a mapping's key or a list's item; what comes before it ends in ':' or '-'.
  void write_after_mark(const Json& value, std::string_view key, std::size_t indent) {
    if (value.is_object() && !value.empty())
      write_mapping(value, indent, At::new_line);
    else if (value.is_array() && !value.empty())
      write_list(value, indent);
    else
      write_scalar(value, key, indent);
  }

  enum class At { new_line, same_line };

  void write_mapping(const Json& value, std::size_t indent, At at) {
    if (at == At::new_line && !text_.empty()) text_ += '\n';
    for (auto entry = value.begin(); entry != value.end(); ++entry) {
      if (at == At::new_line) text_.append(indent, ' ');
      at = At::new_line;
      text_ += (is_plain(entry.key()) ? entry.key() : in_quotes(entry.key())) + ":";
      write_after_mark(entry.value(), entry.key(), indent + 2);
    }
  }

 private:
  void write_list(const Json& value, std::size_t indent) {
    text_ += '\n';
    for (const auto& item : value) {
      text_.append(indent, ' ') += '-';
      if (item.is_object() && !item.empty()) {
        text_ += ' ';
        write_mapping(item, indent + 2, At::same_line);
      } else {
        write_after_mark(item, "", indent + 2);
      }
    }
  }

  void write_scalar(const Json& value, std::string_view key, std::size_t indent) {
    text_ += ' ';
    if (value.is_string())
      write_string(value.get_ref<const std::string&>(), indent);
    else if (value.is_number() && (key == "mode" || key == "permissions"))
      text_ += fmt::format("0o{:o}\n", value.get<unsigned>());
    else
      text_ += value.dump() + "\n";
  }

  void write_string(std::string_view text, std::size_t indent) {
    if (!is_block(text)) {
      text_ += (is_plain(text) ? std::string(text) : in_quotes(text)) + "\n";
      return;
    }
    const bool ends_line = text.ends_with('\n');
    if (ends_line) text.remove_suffix(1);
    text_ += ends_line ? "|\n" : "|-\n";
    for (;;) {
      const auto end = text.find('\n');
      text_.append(indent, ' ').append(text.substr(0, end)) += '\n';
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }

  std::string text_;
};

}  // namespace

std::string write_yaml(const Json& value) {
  Writer writer;
  if (value.empty()) return "{}\n";
  writer.write_mapping(value, 0, Writer::At::new_line);
  return writer.take();
}

}  // namespace tarn::builder
