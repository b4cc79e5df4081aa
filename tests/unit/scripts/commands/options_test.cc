#include "builder/scripts/commands/options.h"

#include <array>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace tarn::builder {
namespace {

constexpr std::array<LongOption, 4> long_options = {
    {{"system", 'S'}, {"shell", 's'}, {"shadow", 'o'}, {"quiet", 'q'}}};
constexpr OptionRules permuting = {"DHSs:o::q", "q", long_options};
constexpr OptionRules ordered = {"+ab:", "", {}};

/// "S s=/bin/sh | operand operand".
std::string shown(const ParsedOptions<std::string>& parsed) {
  std::string text;
  for (const auto& option : parsed.options) {
    text += option.letter;
    if (option.value) text += "=" + *option.value;
    text += ' ';
  }
  text += '|';
  for (const auto& operand : parsed.operands) text += " " + operand;
  return text;
}

TEST_CASE("options are read as getopt reads them") {
  struct Case {
    OptionRules rules;
    std::vector<std::string> arguments;
    const char* expected;
  };
  const std::vector<Case> table = {
      {permuting, {"x"}, "|"},
      {permuting, {"x", "-S", "user"}, "S | user"},
      {permuting, {"x", "user", "-S"}, "S | user"},
      {permuting, {"x", "-SDH", "user"}, "S D H | user"},
      {permuting, {"x", "-SDs", "/bin/sh", "user"}, "S D s=/bin/sh | user"},
      {permuting, {"x", "-s/bin/sh", "user"}, "s=/bin/sh | user"},
      {permuting, {"x", "-s", "-S", "user"}, "s=-S | user"},
      {permuting, {"x", "--", "-S"}, "| -S"},
      {permuting, {"x", "a", "--", "-S", "b"}, "| a -S b"},
      {permuting, {"x", "-", "-S"}, "S | -"},
      {permuting, {"x", ""}, "| "},
      {permuting, {"x", "-o", "v"}, "o | v"},
      {permuting, {"x", "-ov"}, "o=v |"},
      {permuting, {"x", "--system", "--shell", "/bin/sh"}, "S s=/bin/sh |"},
      {permuting, {"x", "--shell=/bin/sh", "u"}, "s=/bin/sh | u"},
      {permuting, {"x", "--sy", "u"}, "S | u"},
      {ordered, {"x", "-a", "cmd", "-a"}, "a | cmd -a"},
      {ordered, {"x", "-ab", "v", "cmd", "-b"}, "a b=v | cmd -b"},
      {ordered, {"x", "--", "-a"}, "| -a"},
  };
  for (const auto& test : table) {
    CAPTURE(fmt::format("{}", fmt::join(test.arguments, " ")));
    CHECK(shown(parse_options(test.arguments, test.rules)) == test.expected);
    const std::vector<std::optional<std::string>> known(test.arguments.begin(),
                                                        test.arguments.end());
    CHECK(!unsupported_option(known, test.rules));
  }
}

TEST_CASE("options that are not built are told before and at the run") {
  struct Case {
    OptionRules rules;
    std::vector<std::string> arguments;
    const char* expected;
  };
  const std::vector<Case> table = {
      {permuting, {"x", "-Z"}, "option -Z"},
      {permuting, {"x", "-SZ"}, "option -Z"},
      {permuting, {"x", "user", "-q"}, "option -q"},
      {permuting, {"x", "--quiet"}, "option --quiet"},
      {permuting, {"x", "-s"}, "option -s without its value"},
      {permuting, {"x", "--shell"}, "option --shell without its value"},
      {permuting, {"x", "--sh=1"}, "option --sh"},  // of shell and shadow
      {permuting, {"x", "--system=1"}, "option --system"},
      {permuting, {"x", "--none"}, "option --none"},
      {permuting, {"x", "-:"}, "option -:"},
      {ordered, {"x", "-+"}, "option -+"},
  };
  for (const auto& test : table) {
    CAPTURE(fmt::format("{}", fmt::join(test.arguments, " ")));
    const std::vector<std::optional<std::string>> known(test.arguments.begin(),
                                                        test.arguments.end());
    CHECK(unsupported_option(known, test.rules) == std::string(test.expected));
    const std::string message = fmt::format("x: {}", test.expected);
    CHECK_THROWS_WITH_AS(parse_options(test.arguments, test.rules), message.c_str(), NotNative);
  }
}

TEST_CASE("an argument that is not known yet is a value or an operand") {
  using Known = std::optional<std::string>;
  std::optional<std::string> fault;
  const std::vector<Known> value = {"x", "-s", std::nullopt, "-S"};
  const auto parsed = parse_known_options(value, permuting, fault);
  CHECK(!fault);
  CHECK(parsed.has('S'));
  REQUIRE(parsed.value('s') != nullptr);
  CHECK(!parsed.value('s')->has_value());
  CHECK(parsed.operands.empty());
  const std::vector<Known> operand = {"x", std::nullopt, "-S"};
  CHECK(parse_known_options(operand, permuting, fault).operands.size() == 1);
  CHECK(parse_known_options(operand, ordered, fault).operands.size() == 2);
}

TEST_CASE("the last of an option counts") {
  const std::vector<std::string> arguments = {"x", "-s1", "-D", "-s2", "-H"};
  const auto parsed = parse_options(arguments, permuting);
  CHECK(*parsed.value('s') == "2");
  CHECK(parsed.value('D') == nullptr);
  CHECK(parsed.last_of("DH") == 'H');
  CHECK(parsed.last_of("S") == 0);
}

}  // namespace
}  // namespace tarn::builder
