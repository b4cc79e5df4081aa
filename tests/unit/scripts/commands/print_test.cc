#include <doctest/doctest.h>

#include "unit/scripts/commands/command_call.h"

namespace tarn::builder {
namespace {

using test::CallResult;

struct Case {
  std::vector<std::string> arguments;
  CallResult expected;
};

void check_all(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    test::CommandCall call;
    call.file("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    call.file("bin/tool", "#!", 04755);
    call.file("empty", "");
    CAPTURE(one.arguments);
    const test::CallResult result = call.run(one.arguments);
    CHECK(result.status == one.expected.status);
    CHECK(result.output == one.expected.output);
    CHECK(result.error == one.expected.error);
  }
}

TEST_CASE("echo takes options only where all letters are known") {
  check_all({
      {{"echo"}, {0, "\n", ""}},
      {{"echo", "a", "b"}, {0, "a b\n", ""}},
      {{"echo", "-n", "a"}, {0, "a", ""}},
      {{"echo", "-e", "a\\tb\\0101\\x41"}, {0, "a\tbAA\n", ""}},
      {{"echo", "a\\tb"}, {0, "a\\tb\n", ""}},
      {{"echo", "-ne", "a\\cb", "c"}, {0, "a", ""}},
      {{"echo", "-nx"}, {0, "-nx\n", ""}},
      {{"echo", "-"}, {0, "-\n", ""}},
      {{"echo", "-E", "\\n"}, {0, "\\n\n", ""}},
      {{"echo", "-e", "\\xz\\8\\"}, {0, "\\xz\\8\\\n", ""}},
  });
}

TEST_CASE("printf uses its format until the arguments are used up") {
  check_all({
      {{"printf"}, {2, "", "sh: usage: printf FORMAT [ARGUMENT...]\n"}},
      {{"printf", "%s=%d\\n", "a", "1", "b", "2"}, {0, "a=1\nb=2\n", ""}},
      {{"printf", "--", "-%s", "x"}, {0, "-x", ""}},
      {{"printf", "%5s|%-5s|%.2s|", "ab", "cd", "efg"}, {0, "   ab|cd   |ef|", ""}},
      {{"printf", "%05d %+d %x %#o %X", "-5", "3", "255", "8", "0xff"},
       {0, "-0005 +3 ff 010 FF", ""}},
      {{"printf", "%*d|%.*f", "4", "7", "1", "2.55"}, {0, "   7|2.5", ""}},
      {{"printf", "%*d|", "+4", "7"}, {0, "7|", "sh: invalid number '+4'\n"}},
      {{"printf", "%b|%s", "x\\n\\0101", "y\\n"}, {0, "x\nA|y\\n", ""}},
      {{"printf", "%b|%s", "x\\cy", "z"}, {0, "x", ""}},
      {{"printf", "a\\cb"}, {0, "a", ""}},
      {{"printf", "%c%%%lld", "abc", "5"}, {0, "a%5", ""}},
      {{"printf", "%d", "\"A"}, {0, "65", ""}},
      {{"printf", "%d,", "12abc"}, {1, "0,", "sh: invalid number '12abc'\n"}},
      {{"printf", "a%y"}, {1, "a", "sh: %y: invalid format\n"}},
      {{"printf", "%u", "-1"}, {0, "18446744073709551615", ""}},
      {{"printf", "no arguments", "x"}, {0, "no arguments", ""}},
  });
  test::CommandCall call;
  CHECK_THROWS_AS(call.run({"printf", "%100000000d", "1"}), NotNative);
}

TEST_CASE("test decides on texts, numbers and files") {
  check_all({
      {{"test"}, {1, "", ""}},
      {{"test", ""}, {1, "", ""}},
      {{"test", "-n"}, {0, "", ""}},
      {{"[", "a", "=", "a", "]"}, {0, "", ""}},
      {{"[", "a", "==", "b", "]"}, {1, "", ""}},
      {{"[", "a", "!=", "b", "]"}, {0, "", ""}},
      {{"[", "a", "<", "b", "]"}, {0, "", ""}},
      {{"[", "a", "]", "x"}, {2, "", "sh: missing ]\n"}},
      {{"[", "!", "-e", "/nothing", "]"}, {0, "", ""}},
      {{"[", "!", "-e", "]"}, {1, "", ""}},
      {{"[", "10", "-gt", "9", "]"}, {0, "", ""}},
      {{"[", "1", "-eq", "x", "]"}, {2, "", "sh: x: out of range\n"}},
      {{"[", "1", "-eq", "1x", "]"}, {2, "", "sh: 1x: bad number\n"}},
      {{"[", "-f", "/etc/passwd", "-a", "-d", "etc", "]"}, {0, "", ""}},
      {{"[", "-f", "/etc", "-o", "-d", "etc", "]"}, {0, "", ""}},
      {{"[", "(", "a", "=", "b", ")", "-o", "c", "]"}, {0, "", ""}},
      {{"[", "(", "a", "=", "b", "-o", "c", "]"}, {2, "", "sh: closing paren expected\n"}},
      {{"[", "-x", "bin/tool", "]"}, {0, "", ""}},
      {{"[", "-x", "etc/passwd", "]"}, {1, "", ""}},
      {{"[", "-u", "bin/tool", "]"}, {0, "", ""}},
      {{"[", "-g", "bin/tool", "]"}, {1, "", ""}},
      {{"[", "-r", "etc/passwd", "]"}, {0, "", ""}},
      {{"[", "-w", "etc/none", "]"}, {1, "", ""}},
      {{"[", "-s", "empty", "]"}, {1, "", ""}},
      {{"[", "-s", "etc/passwd", "]"}, {0, "", ""}},
      {{"[", "-L", "etc/passwd", "]"}, {1, "", ""}},
      {{"[", "etc/passwd", "-ef", "/etc/passwd", "]"}, {0, "", ""}},
      {{"[", "a", "b", "c", "d", "]"}, {2, "", "sh: b: unknown operand\n"}},
      {{"[", "3", "-lt", "5", "6", "]"}, {2, "", "sh: 6: unknown operand\n"}},
  });
}

TEST_CASE("true and false") {
  check_all({{{"true", "x"}, {0, "", ""}}, {{"false"}, {1, "", ""}}});
  CHECK(find_command("no-such-command") == nullptr);
  CHECK(test::CommandCall::unsupported({"printf"}).empty());
  CHECK(test::CommandCall::unsupported({"echo", "-Z"}).empty());
}

}  // namespace
}  // namespace tarn::builder
