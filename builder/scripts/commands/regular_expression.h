#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/script_budget.h"

namespace tarn::builder {

struct RegularProgram;

/// A POSIX regular expression as the C library of Alpine understands it (basic or extended, with
/// its additions: \+ \? \| in basic ones; \w \W \s \S \d \D \< \> \b \B in both). Text and pattern
/// are UTF-8; one character is one code point. It is matched by this program itself, so that a
/// match is the same whatever C library the program runs on, and costs no more than the pattern's
/// size times the text's.
///
/// What is not built throws NotNative: back-references within a pattern, a pattern over 4096 octets
/// or that comes to over 32'000 instructions, named classes and \w \b of characters beyond ASCII,
/// letters of either case beyond ASCII, text that is no UTF-8.
class RegularExpression {
 public:
  enum class Syntax { basic, extended };
  enum class Letters { as_they_are, either_case };
  /// Whether '^' and '$' match at each newline too, and '.' does not match one.
  enum class Newlines { ordinary, end_lines };

  /// Throws BadPattern when it is none.
  explicit RegularExpression(std::string_view pattern, Syntax syntax = Syntax::basic,
                             Letters letters = Letters::as_they_are,
                             Newlines newlines = Newlines::ordinary);

  /// The pattern is no regular expression; `complaint` is what the C library says: "Missing ')'".
  struct BadPattern {
    std::string complaint;
  };

  /// Where a group lies in the text: octets from `begin` to `end`.
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool operator==(const Range&) const = default;
  };
  /// The first is the whole match, the others the groups; nothing where a group took no part.
  using Match = std::vector<std::optional<Range>>;

  /// Whether '^' matches at the octet a search begins at (REG_NOTBOL says it does not).
  enum class Beginning { of_line, not_of_line };

  /// The leftmost, longest match at or after the octet `from`; what is before it is as if it were
  /// not there. Spends steps for what it costs. Throws NotNative where the groups could lie in
  /// several ways and it is not plain which one the C library would choose.
  std::optional<Match> find(std::string_view text, std::size_t from, Beginning beginning,
                            ScriptBudget& budget) const;
  /// The same without the groups.
  std::optional<Range> find_whole(std::string_view text, std::size_t from, Beginning beginning,
                                  ScriptBudget& budget) const;
  /// Whether there is any match.
  bool matches(std::string_view text, ScriptBudget& budget) const;

  /// How many groups the pattern has.
  std::size_t group_count() const;

 private:
  std::shared_ptr<const RegularProgram> program_;
};

}  // namespace tarn::builder
