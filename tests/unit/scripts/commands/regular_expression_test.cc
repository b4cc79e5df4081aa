#include "builder/scripts/commands/regular_expression.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "builder/scripts/command.h"

namespace tarn::builder {
namespace {

using Syntax = RegularExpression::Syntax;

/// "begin-end begin-end …", "." for a group that took no part; "no" without a match; the complaint
/// of what is no expression; "not native".
std::string shown(const std::string& pattern, Syntax syntax, const std::string& text) {
  ScriptBudget budget{ScriptLimits{}};
  try {
    const RegularExpression expression(pattern, syntax);
    const auto match = expression.find(text, 0, RegularExpression::Beginning::of_line, budget);
    if (!match) return "no";
    std::string result;
    for (const auto& group : *match) {
      if (!result.empty()) result += ' ';
      result += group ? std::to_string(group->begin) + "-" + std::to_string(group->end) : ".";
    }
    return result;
  } catch (const RegularExpression::BadPattern& bad) {
    return bad.complaint;
  } catch (const NotNative&) {
    return "not native";
  }
}

struct Case {
  const char* pattern;
  const char* text;
  const char* expected;
};

TEST_CASE("basic expressions match leftmost and longest") {
  const std::vector<Case> cases = {
      {"", "abc", "0-0"},
      {"b", "abc", "1-2"},
      {"b*", "abbb", "0-0"},
      {"ab*", "xabbbc", "1-5"},
      {"*a", "x*a", "1-3"},
      {"^*a", "*a", "0-2"},
      {"a\\|ab", "xab", "1-3"},
      {"a\\+", "baaa", "1-4"},
      {"ba\\?", "b", "0-1"},
      {"a\\{2\\}", "aaa", "0-2"},
      {"a\\{2,\\}", "aaa", "0-3"},
      {"a\\{1,2\\}$", "aaa", "1-3"},
      {"^b", "ab", "no"},
      {"a^b$c", "a^b$c", "0-5"},
      {"\\(a\\)\\(b\\)", "ab", "0-2 0-1 1-2"},
      {"\\([^:]*\\):\\(.*\\)", "root:x:0", "0-8 0-4 5-8"},
      {"\\(.*\\)=\\(.*\\)", "a=b=c", "0-5 0-3 4-5"},
      {"[]a]", "]", "0-1"},
      {"[^]a]", "]ab", "2-3"},
      {"[a-c0-9]*", "b4x", "0-2"},
      {"[[:alpha:]]*", "ab1", "0-2"},
      {"\\<foo\\>", "xfoo foo", "5-8"},
      {"\\bo", "xo o", "3-4"},
      {"\\w*", "a_1-", "0-3"},
      {"\\W", "a_1-", "3-4"},
      {"\\.", "a.", "1-2"},
      {"a.c",
       "a\xc3\xa9"
       "c",
       "0-4"},
      {"\\(^a\\)", "ba", "no"},
      {"a\\", "a", "Trailing backslash"},
      {"\\(a", "a", "Missing ')'"},
      {"a\\)", "a", "Missing ')'"},
      {"[a", "a", "Missing ']'"},
      {"a\\{2", "a", "Invalid contents of {}"},
      {"a\\{2,1\\}", "a", "Invalid contents of {}"},
      {"[b-a]", "a", "Invalid character range"},
      {"[[:foo:]]", "a", "Unknown character class name"},
      {"\\(a\\)\\1", "aa", "not native"},
      {"\\<*a", "a", "not native"},
      {"[[:alpha:]]", "\xc3\xa9", "not native"},
      {"a", "\xff", "not native"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.pattern);
    CHECK(shown(one.pattern, Syntax::basic, one.text) == one.expected);
  }
}

TEST_CASE("extended expressions") {
  const std::vector<Case> cases = {
      {"a|b", "cb", "1-2"},
      {"(a|b)+c", "abac", "0-4 2-3"},
      {"a{2,3}", "aaaa", "0-3"},
      {"(ab)?c", "c", "0-1 ."},
      {"()", "a", "0-0 0-0"},
      {"a||b", "b", "0-1"},
      {"a)", "a)", "0-2"},
      {"\\(a\\)", "(a)", "0-3"},
      {"a\\|b", "a|b", "0-3"},
      {"\\1", "1", "0-1"},
      {"^(foo|bar)=", "bar=", "0-4 0-3"},
      {"(a|ab)(c|bcd)", "abcd", "0-4 0-1 1-4"},
      {"(a|ab)(c|bcd|b)*", "ab", "not native"},
      {"*a", "a", "Repetition not preceded by valid expression"},
      {"(+a)", "a", "Repetition not preceded by valid expression"},
      {"(a", "a", "Missing ')'"},
      {"a{0}{255}{255}{255}{255}b", "b", "0-1"},
      {"(((((a{200}){200}){200}){200}){200})", "a", "not native"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.pattern);
    CHECK(shown(one.pattern, Syntax::extended, one.text) == one.expected);
  }
}

TEST_CASE("letters of either case, ends of lines, where a search begins") {
  ScriptBudget budget{ScriptLimits{}};
  const RegularExpression either("[a-c]X", Syntax::basic, RegularExpression::Letters::either_case);
  CHECK(either.matches("Bx", budget));
  CHECK(!either.matches("dx", budget));
  const RegularExpression lines("^b$", Syntax::basic, RegularExpression::Letters::as_they_are,
                                RegularExpression::Newlines::end_lines);
  CHECK(lines.matches("a\nb\nc", budget));
  const RegularExpression caret("^b");
  CHECK(!caret.find("ab", 1, RegularExpression::Beginning::not_of_line, budget));
  CHECK(caret.find("ab", 1, RegularExpression::Beginning::of_line, budget));
}

TEST_CASE("no pattern takes longer than its size times the text's") {
  std::string pattern;
  for (int i = 0; i < 20; ++i) pattern += "(a*)*";
  ScriptBudget budget{ScriptLimits{}};
  CHECK(
      !RegularExpression(pattern + "b", Syntax::extended).matches(std::string(2000, 'a'), budget));
  ScriptBudget small{ScriptLimits{.steps = 10, .octets = 100, .depth = 10}};
  CHECK_THROWS_AS(
      RegularExpression(pattern + "b", Syntax::extended).matches(std::string(2000, 'a'), small),
      Error);
}

}  // namespace
}  // namespace tarn::builder
