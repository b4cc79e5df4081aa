#pragma once

#include <string>
#include <string_view>

namespace tarn::builder {

/// What may differ between the users of patterns; the fnmatch flag of the same meaning in brackets.
struct PatternRules {
  bool slash_alone = false;      ///< only '/' matches '/' (FNM_PATHNAME)
  bool leading_dot = false;      ///< only '.' matches a first '.' (FNM_PERIOD)
  bool plain_backslash = false;  ///< '\' escapes nothing (FNM_NOESCAPE)
  bool any_case = false;         ///< ASCII letters match in either case (FNM_CASEFOLD)
};

/// Whether the whole `text` matches the shell pattern, as fnmatch of Alpine's C library has it:
/// '*',
/// '?', '[…]' with ranges, '!' or '^' and classes (in which '\' stands for itself), '\' before a
/// literal character. Characters are UTF-8; octets that are none match only '*' and themselves.
/// Takes time in the product of both sizes at most.
bool matches_pattern(std::string_view pattern, std::string_view text);
bool matches_pattern(std::string_view pattern, std::string_view text, const PatternRules& rules);

/// Whether `pattern` has an unescaped '*', '?' or '['.
bool has_wildcards(std::string_view pattern);

/// The only text that a pattern without wildcards matches.
std::string without_escapes(std::string_view pattern);

/// `text` with '\' before each character that is special in patterns.
std::string escape_pattern(std::string_view text);

/// The octets of the UTF-8 character that `text` begins with; 1 for an octet that begins none.
/// `text` is not empty.
std::size_t character_size(std::string_view text);
/// The number of characters in `text`.
std::size_t count_characters(std::string_view text);

}  // namespace tarn::builder
