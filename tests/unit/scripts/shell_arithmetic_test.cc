#include "builder/scripts/shell_arithmetic.h"

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "builder/scripts/command.h"

namespace tarn::builder {
namespace {

using Values = std::map<std::string, std::string>;

class Variables {
 public:
  explicit Variables(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  ArithmeticVariables access() {
    return {[this](const std::string& name) -> std::optional<std::string> {
              const auto found = values_.find(name);
              return found == values_.end() ? std::nullopt : std::optional(found->second);
            },
            [this](const std::string& name, const std::string& value) { values_[name] = value; }};
  }
  std::string value(const std::string& name) { return values_[name]; }

 private:
  std::map<std::string, std::string> values_;
};

std::int64_t evaluate(const std::string& expression, Variables& variables) {
  ScriptBudget budget{ScriptLimits{}};
  return evaluate_arithmetic(expression, variables.access(), budget);
}

struct Case {
  std::string expression;
  std::int64_t value;
};

const std::vector<Case> cases = {
    {"", 0},
    {"  ", 0},
    {"1+2*3", 7},
    {"(1+2)*3", 9},
    {"-7/2", -3},
    {"-7%3", -1},
    {"~5", -6},
    {"!5", 0},
    {"!!5", 1},
    {"5&3|4^1", 5},
    {"1<<4>>2", 4},
    {"1<<70", 64},
    {"1-1-1", -1},
    {"2**3**2", 512},
    {"-2**2", 4},
    {"1<2==1", 1},
    {"1||0&&0", 1},
    {"0&&1", 0},
    {"1?2:3", 2},
    {"0?2:0?4:5", 5},
    {"1?(0?1:2):3", 2},
    {"1,2,3", 3},
    {"x=4", 4},
    {"five+1", 6},
    {"five++", 5},
    {"++five", 6},
    {"five---1", 4},
    {"3--5", 8},
    {"1++2", 3},
    {"nope+1", 1},
    {"sum*2", 14},
    {"name", 5},
    {"x=y=4", 4},
    {"five*=2+1", 15},
    {"five<<=1", 10},
    {"five%=3", 2},
    {"010", 8},
    {"0x1F", 31},
    {"16#ff", 255},
    {"9223372036854775807+1", INT64_MIN},
    {"9223372036854775808", INT64_MIN},
    {"-9223372036854775808/-1", INT64_MIN},
    {"-9223372036854775808%-1", 0},
    {" 1\t+\n2 ", 3},
};

TEST_CASE("arithmetic has C's operators on 64 bits") {
  for (const auto& row : cases) {
    const auto& [expression, value] = row;
    CAPTURE(row.expression);
    Variables variables(Values{{"five", "5"}, {"sum", "3+4"}, {"name", "five"}});
    CHECK(evaluate(expression, variables) == value);
  }
}

TEST_CASE("arithmetic assigns") {
  Variables variables(Values{{"x", "5"}});
  CHECK(evaluate("y=x+=2,z=x++", variables) == 7);
  CHECK(variables.value("x") == "8");
  CHECK(variables.value("y") == "7");
  CHECK(variables.value("z") == "7");
}

const std::vector<std::pair<std::string, std::string>> faults = {
    {"1+", "arithmetic syntax error"},
    {"08", "arithmetic syntax error"},
    {"1 2", "arithmetic syntax error"},
    {"1=2", "arithmetic syntax error"},
    {"x+1=2", "arithmetic syntax error"},
    {"5++", "arithmetic syntax error"},
    {"()", "arithmetic syntax error"},
    {"5(1)", "arithmetic syntax error"},
    {"1.5", "arithmetic syntax error"},
    {"0x", "arithmetic syntax error"},
    {"2#2", "arithmetic syntax error"},
    {"\"1\"", "arithmetic syntax error"},
    {"1?2", "malformed ?: operator"},
    {"1:2", "malformed ?: operator"},
    {"1/0", "divide by zero"},
    {"1%0", "divide by zero"},
    {"2**-1", "exponent less than 0"},
    {"loop", "expression recursion loop detected"},
};

TEST_CASE("faults of arithmetic are named as ash names them") {
  for (const auto& row : faults) {
    const auto& [expression, message] = row;
    CAPTURE(row.first);
    Variables variables(Values{{"loop", "pool"}, {"pool", "loop+1"}});
    try {
      (void)evaluate(expression, variables);
      FAIL_CHECK("no fault");
    } catch (const ArithmeticFault& fault) {
      CHECK(fault.what() == message);
    }
  }
}

TEST_CASE("what versions of busybox disagree on is not native") {
  for (const std::string expression : {"0&&(x=5)", "1||x++", "1?2:1/0", "0?x=1:2", "1?0?1:2:3",
                                       "1?2,3:4", "99999999999999999999", "x++ 1", "64#_"}) {
    CAPTURE(expression);
    Variables variables(Values{{"x", "1"}});
    CHECK_THROWS_AS((void)evaluate(expression, variables), NotNative);
    CHECK(variables.value("x") == "1");
  }
}

TEST_CASE("deep expressions reach a bound") {
  Variables variables(Values{});
  CHECK_THROWS_AS((void)evaluate(std::string(100000, '('), variables), Error);
  CHECK_THROWS_AS((void)evaluate(std::string(100000, '!') + "1", variables), Error);
  std::map<std::string, std::string> chain;
  for (int i = 0; i < 1000; ++i) chain["v" + std::to_string(i)] = "v" + std::to_string(i + 1);
  Variables long_chain(chain);
  CHECK_THROWS_AS((void)evaluate("v0", long_chain), Error);
}

}  // namespace
}  // namespace tarn::builder
