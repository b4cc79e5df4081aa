#include "builder/scripts/shell_pattern.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tarn::builder {
namespace {

struct Case {
  std::string pattern;
  std::string text;
  bool matches;
};

// What busybox' ash 1.36 with musl says to `case TEXT in PATTERN)`.
const std::vector<Case> cases = {
    {"", "", true},
    {"", "a", false},
    {"abc", "abc", true},
    {"abc", "abcd", false},
    {"abcd", "abc", false},
    {"*", "", true},
    {"*", "a/b", true},
    {"**", "x", true},
    {"a*", "a", true},
    {"a*c", "abcbc", true},
    {"a*c", "abcb", false},
    {"*a*b*", "xxaxxbxx", true},
    {"*a*b*", "xxbxxaxx", false},
    {"*.txt", ".txt", true},
    {"?", "a", true},
    {"?", "", false},
    {"?", "é", true},
    {"a?b", "aéb", true},
    {"?", "\xc3", false},
    {"a*", "a\xc3", true},
    {"*b",
     "a\xc3"
     "b",
     true},
    {"a?b",
     "a\xc3"
     "b",
     false},
    {"[abc]", "b", true},
    {"[abc]", "d", false},
    {"[!abc]", "d", true},
    {"[^abc]", "b", false},
    {"[a-c]x", "bx", true},
    {"[a-c]", "d", false},
    {"[c-a]", "c", true},
    {"[c-a]", "b", false},
    {"[]]", "]", true},
    {"[!]]", "]", false},
    {"[!]]", "a", true},
    {"[]-a]", "^", true},
    {"[a-]", "-", true},
    {"[a-]", "b", false},
    {"[-a]", "-", true},
    {"[é]", "é", true},
    {"[é-ë]", "ê", true},
    {"[[:digit:]]", "5", true},
    {"[[:digit:]]", "a", false},
    {"[![:space:]]", "a", true},
    {"[[:alpha:][:digit:]_]", "_", true},
    {"[[:foo:]]", "a", false},
    {"[[.a.]]", "a", false},
    {"[[=a=]]", "a", false},
    {"[", "[", true},
    {"[]", "[]", true},
    {"[!a", "[!a", true},
    {"[a", "[a", true},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"\\a", "a", true},
    {"a\\", "a\\", true},
    {"\\\\", "\\", true},
    {"[\\!a]", "!", true},
    {"[\\!a]", "\\", true},
    {"[\\]]", "]", false},
    {"[\\]]", "\\]", true},
};

TEST_CASE("patterns match as in the shell's case") {
  for (const auto& row : cases) {
    const auto& [pattern, text, matches] = row;
    CAPTURE(row.pattern);
    CAPTURE(row.text);
    CHECK(matches_pattern(pattern, text) == matches);
  }
}

TEST_CASE("patterns under other rules") {
  PatternRules path;
  path.slash_alone = true;
  CHECK_FALSE(matches_pattern("a*c", "a/c", path));
  CHECK_FALSE(matches_pattern("a?c", "a/c", path));
  CHECK_FALSE(matches_pattern("a[/]c", "a/c", path));
  CHECK(matches_pattern("*/c", "a/c", path));
  CHECK_FALSE(matches_pattern("*", "a/b", path));
  PatternRules dot;
  dot.leading_dot = true;
  CHECK_FALSE(matches_pattern("*", ".a", dot));
  CHECK_FALSE(matches_pattern("?a", ".a", dot));
  CHECK_FALSE(matches_pattern("[.]a", ".a", dot));
  CHECK(matches_pattern(".*", ".a", dot));
  CHECK(matches_pattern("\\.*", ".a", dot));
  PatternRules plain;
  plain.plain_backslash = true;
  CHECK(matches_pattern("\\*", "\\abc", plain));
  PatternRules any_case;
  any_case.any_case = true;
  CHECK(matches_pattern("aBc*", "AbCd", any_case));
  CHECK(matches_pattern("[a-c]", "B", any_case));
  CHECK_FALSE(matches_pattern("[!a-c]", "B", any_case));
}

TEST_CASE("a hostile pattern takes no exponential time") {
  std::string pattern;
  for (int i = 0; i < 2000; ++i) pattern += "a*";
  CHECK_FALSE(matches_pattern(pattern + "b", std::string(10000, 'a')));
}

TEST_CASE("what is special in patterns can be escaped") {
  const std::string text = "*?[]\\!^-a/.";
  CHECK(matches_pattern(escape_pattern(text), text));
  CHECK_FALSE(has_wildcards(escape_pattern(text)));
  CHECK(has_wildcards("a*"));
  CHECK(has_wildcards("\\\\?"));
  CHECK_FALSE(has_wildcards("a\\["));
}

TEST_CASE("characters are counted as UTF-8") {
  CHECK(count_characters("") == 0);
  CHECK(count_characters("aéb") == 3);
  CHECK(count_characters("\xc3") == 1);
  CHECK(count_characters("\xe2\x82\xac") == 1);
  CHECK(count_characters("\xed\xa0\x80") == 3);
  CHECK(count_characters("\xf0\x9f\x98\x80") == 1);
}

}  // namespace
}  // namespace tarn::builder
