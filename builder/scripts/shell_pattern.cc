#include "builder/scripts/shell_pattern.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace tarn::builder {
namespace {

/// A character: its code (none for an octet that is no part of valid UTF-8) and its octets.
struct Character {
  std::optional<char32_t> code;
  std::size_t size = 1;
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t code = lead & (0x7FU >> size);
  for (const char next : text.substr(1, size - 1)) {
    const auto octet = static_cast<unsigned char>(next);
    if ((octet & 0xC0U) != 0x80) return {};
    code = (code << 6U) | (octet & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, size};
}

char32_t other_case(char32_t code) {
  if (code >= 'a' && code <= 'z') return code - 'a' + 'A';
  if (code >= 'A' && code <= 'Z') return code - 'A' + 'a';
  return code;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Whether the ASCII character is of the class "alpha", "digit" and so on; nothing for a name that
/// is no class.
std::optional<bool> is_of_class(std::string_view name, char32_t code) {
  const bool upper = code >= 'A' && code <= 'Z';
  const bool lower = code >= 'a' && code <= 'z';
  const bool digit = code >= '0' && code <= '9';
  const bool graph = code > ' ' && code < 0x7F;
  if (name == "alpha") return upper || lower;
  if (name == "digit") return digit;
  if (name == "alnum") return upper || lower || digit;
  if (name == "upper") return upper;
  if (name == "lower") return lower;
  if (name == "space") return code == ' ' || (code >= '\t' && code <= '\r');
  if (name == "blank") return code == ' ' || code == '\t';
  if (name == "punct") return graph && !upper && !lower && !digit;
  if (name == "print") return graph || code == ' ';
  if (name == "graph") return graph;
  if (name == "cntrl") return code < ' ' || code == 0x7F;
  if (name == "xdigit")
    return digit || (code >= 'a' && code <= 'f') || (code >= 'A' && code <= 'F');
  return std::nullopt;
}

/// One step of a pattern: what a single character is compared with.
class Element {
 public:
  enum class Kind { star, any, literal, octet, set };

  Element(std::string_view pattern, const PatternRules& rules) : rules_(rules) {
    const char first = pattern.front();
    if (first == '*') {
      kind_ = Kind::star;
    } else if (first == '?') {
      kind_ = Kind::any;
    } else if (first == '[' && set_size(pattern) > 0) {
      kind_ = Kind::set;
      size_ = set_size(pattern);
      set_ = pattern.substr(1, size_ - 2);
    } else {
      const bool escaped = first == '\\' && !rules.plain_backslash && pattern.size() > 1;
      take_literal(pattern.substr(escaped ? 1 : 0));
      if (escaped) ++size_;
    }
  }

  Kind kind() const { return kind_; }
  std::size_t size() const { return size_; }

  /// The octets at the start of `text` that it matches; 0 when it does not.
  std::size_t match(std::string_view text) const {
    if (text.empty()) return 0;
    if (kind_ == Kind::octet) return text.front() == octet_ ? 1 : 0;
    const auto character = first_character(text);
    if (!character.code) return 0;
    return matches(*character.code) ? character.size : 0;
  }

 private:
  void take_literal(std::string_view pattern) {
    const auto character = first_character(pattern);
    size_ = character.size;
    kind_ = character.code ? Kind::literal : Kind::octet;
    octet_ = pattern.front();
    code_ = character.code.value_or(0);
  }

  /// The size of the bracket expression that `pattern` begins with, brackets included; 0 when its
  /// end is missing and '[' stands for itself.
  std::size_t set_size(std::string_view pattern) const {
    std::size_t at = 1;
    if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
    if (at < pattern.size() && pattern[at] == ']') ++at;
    while (at < pattern.size() && pattern[at] != ']') {
      if (const auto inner = class_size(pattern.substr(at)); inner > 0) {
        at += inner;
      } else if (rules_.slash_alone && pattern[at] == '/') {
        return 0;
      } else {
        ++at;
      }
    }
    return at < pattern.size() ? at + 1 : 0;
  }

  /// The size of "[:name:]", "[.x.]" or "[=x=]" at the start of `text`; 0 when there is none.
  static std::size_t class_size(std::string_view text) {
    if (text.size() < 4 || text[0] != '[') return 0;
    const char mark = text[1];
    if (mark != ':' && mark != '.' && mark != '=') return 0;
    const auto end = text.find(std::string{mark, ']'}, 2);
    return end == std::string_view::npos ? 0 : end + 2;
  }

  bool matches(char32_t code) const {
    if (rules_.slash_alone && code == '/') return kind_ == Kind::literal && code_ == '/';
    switch (kind_) {
      case Kind::any:
        return true;
      case Kind::literal:
        return code == code_ || (rules_.any_case && other_case(code) == code_);
      case Kind::set:
        return set_has(code) || (rules_.any_case && set_has(other_case(code))) ? !negated()
                                                                               : negated();
      default:
        return false;
    }
  }

  bool negated() const { return !set_.empty() && (set_.front() == '!' || set_.front() == '^'); }

  static std::optional<char32_t> take_character(std::string_view& rest) {
    const auto character = first_character(rest);
    rest.remove_prefix(character.size);
    return character.code;
  }

  bool set_has(char32_t code) const {
    auto rest = set_.substr(negated() ? 1 : 0);
    while (!rest.empty()) {
      if (const auto inner = class_size(rest); inner > 0) {
        // Collating elements and equivalence classes match nothing there.
        if (rest[1] == ':' && is_of_class(rest.substr(2, inner - 4), code).value_or(false))
          return true;
        rest.remove_prefix(inner);
        continue;
      }
      const auto low = take_character(rest);
      if (low == code) return true;
      if (rest.size() < 2 || rest.front() != '-') continue;
      rest.remove_prefix(1);
      const auto high = take_character(rest);
      if (low && high && *low <= code && code <= *high) return true;
    }
    return false;
  }

  const PatternRules& rules_;
  Kind kind_ = Kind::literal;
  std::size_t size_ = 1;
  char octet_ = 0;
  char32_t code_ = 0;
  std::string_view set_;
};

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text, const PatternRules& rules) {
  if (rules.leading_dot && text.starts_with('.') && !pattern.starts_with('.') &&
      !(pattern.starts_with("\\.") && !rules.plain_backslash))
    return false;
  // A mismatch goes back to the last '*' and lets it take one octet more; earlier ones need no
  // second look, as the last can take all that they could.
  std::optional<std::size_t> star;
  std::size_t taken = 0;
  std::size_t at = 0;
  std::size_t in_text = 0;
  while (in_text < text.size() || at < pattern.size()) {
    if (at < pattern.size()) {
      const Element element(pattern.substr(at), rules);
      if (element.kind() == Element::Kind::star) {
        star = ++at;
        taken = in_text;
        continue;
      }
      if (const auto size = element.match(text.substr(in_text)); size > 0) {
        at += element.size();
        in_text += size;
        continue;
      }
    }
    if (!star || taken >= text.size() || (rules.slash_alone && text[taken] == '/')) return false;
    at = *star;
    ++taken;
    // Only where the next character is the one that has to follow is it worth another try.
    if (at < pattern.size() && is_letter_or_digit(pattern[at]) && !rules.slash_alone &&
        !rules.any_case) {
      taken = text.find(pattern[at], taken);
      if (taken == std::string_view::npos) return false;
    }
    in_text = taken;
  }
  return true;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  return matches_pattern(pattern, text, PatternRules{});
}

bool has_wildcards(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '\\') {
      ++at;
    } else if (pattern[at] == '*' || pattern[at] == '?' || pattern[at] == '[') {
      return true;
    }
  }
  return false;
}

std::string without_escapes(std::string_view pattern) {
  std::string text;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    text += pattern[at];
  }
  return text;
}

std::string escape_pattern(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("*?[]\\!^-").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::size_t character_size(std::string_view text) {
  return first_character(text).size;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); text.remove_prefix(character_size(text))) ++count;
  return count;
}

}  // namespace tarn::builder
