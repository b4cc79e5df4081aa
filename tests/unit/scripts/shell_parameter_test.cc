#include "builder/scripts/shell_parameter.h"

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "builder/scripts/shell_expansion.h"

namespace tarn::builder {
namespace {

using Operator = ParameterOperator;

struct RemoveCase {
  std::string value;
  std::string pattern;
  Operator operation;
  std::string result;
};

const std::vector<RemoveCase> removals = {
    {"/usr/lib/x.so.1", "*/", Operator::remove_prefix, "usr/lib/x.so.1"},
    {"/usr/lib/x.so.1", "*/", Operator::remove_longest_prefix, "x.so.1"},
    {"/usr/lib/x.so.1", ".*", Operator::remove_suffix, "/usr/lib/x.so"},
    {"/usr/lib/x.so.1", ".*", Operator::remove_longest_suffix, "/usr/lib/x"},
    {"abc", "x", Operator::remove_prefix, "abc"},
    {"abc", "", Operator::remove_prefix, "abc"},
    {"abc", "*", Operator::remove_prefix, "abc"},
    {"abc", "*", Operator::remove_longest_suffix, ""},
    {"éa", "?", Operator::remove_prefix, "a"},
    {"aé", "?", Operator::remove_suffix, "a"},
    {"", "*", Operator::remove_longest_prefix, ""},
};

TEST_CASE("parts that match are removed") {
  ScriptBudget budget{ScriptLimits{}};
  for (const auto& row : removals) {
    const auto& [value, pattern, operation, result] = row;
    CAPTURE(row.value);
    CAPTURE(row.pattern);
    CHECK(remove_match(value, pattern, operation, budget) == result);
  }
}

TEST_CASE("substrings") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  CHECK(substring("abcdef", 2, std::nullopt) == "cdef");
  CHECK(substring("abcdef", 1, 3) == "bcd");
  CHECK(substring("abcdef", -2, std::nullopt) == "ef");
  CHECK(substring("abcdef", -9, std::nullopt).empty());
  CHECK(substring("abcdef", 1, -1) == "bcde");
  CHECK(substring("abcdef", 3, -3).empty());
  CHECK(substring("abcdef", 1, most) == "bcdef");
  CHECK(substring("abcdef", most, 1).empty());
  CHECK(substring("abcdef", least, most).empty());
  CHECK(substring("abcdef", 0, least).empty());
}

TEST_CASE("matches are replaced") {
  ScriptBudget budget{ScriptLimits{}};
  const auto first = [&](const std::string& value, const std::string& pattern) {
    return replace_matches(value, pattern, "X", Operator::replace_first, budget);
  };
  const auto all = [&](const std::string& value, const std::string& pattern) {
    return replace_matches(value, pattern, "X", Operator::replace_all, budget);
  };
  CHECK(first("abcabc", "b") == "aXcabc");
  CHECK(all("abcabc", "b") == "aXcaXc");
  CHECK(all("abcabc", "b*c") == "aX");
  CHECK(all("abc", "?") == "XXX");
  CHECK(all("abc", "") == "abc");
  CHECK(all("", "*") == "");
  CHECK(first("abc", "z") == "abc");
}

TEST_CASE("long values reach a bound rather than take long") {
  ScriptLimits limits;
  limits.steps = 20'000;
  ScriptBudget budget{limits};
  CHECK_THROWS_AS(
      (void)remove_match(std::string(20'000, 'a'), "*[b]", Operator::remove_suffix, budget), Error);
}

struct SplitCase {
  std::string text;
  std::string separators;
  std::vector<std::string> fields;
};

const std::vector<SplitCase> splits = {
    {"a b  c", " \t\n", {"a", "b", "c"}},
    {"  a ", " \t\n", {"a"}},
    {"", " ", {}},
    {"   ", " ", {}},
    {"a::b:", ":", {"a", "", "b"}},
    {":a", ":", {"", "a"}},
    {" a : b ", " :", {"a", "b"}},
    {"a : : b", " :", {"a", "", "b"}},
    {"a b", "", {"a b"}},
    {"x", "x", {""}},
    {"xa", "x", {"", "a"}},
};

TEST_CASE("what was expanded is split into fields") {
  for (const auto& row : splits) {
    const auto& [text, separators, fields] = row;
    CAPTURE(row.text);
    std::vector<std::string> found;
    const MarkedText marked{text, std::string(text.size(), MarkedText::splittable)};
    for (const auto& field : split_fields(marked, separators)) found.push_back(field.text);
    CHECK(found == fields);
  }
  const MarkedText quoted{"a b c", "sqsss"};
  CHECK(split_fields(quoted, " ").size() == 2);
}

}  // namespace
}  // namespace tarn::builder
