#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/scripts/commands/command_call.h"

namespace tarn::builder {
namespace {

using test::CommandCall;

struct Case {
  std::vector<std::string> arguments;
  const char* input;
  int status;
  const char* output;
  const char* error = "";
};

void check_all(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    CommandCall call;
    call.file("a", "one\ntwo\nthree\n");
    call.file("b", "two\n");
    call.file("same", "two\n");
    call.file("bin/sh", "x", 0755);
    call.file("sums", "b5e0b6ca0bfe2a8e5ef66ec0ae2a7ee3  b\n");
    call.rootfs.make_directories("dir", Owner{});
    CAPTURE(one.arguments);
    const test::CallResult result = call.run(one.arguments, one.input);
    CHECK(result.status == one.status);
    CHECK(result.output == one.output);
    CHECK(result.error == one.error);
  }
}

TEST_CASE("text is passed on, in whole or in part") {
  check_all({
      {{"cat"}, "x", 0, "x"},
      {{"cat", "b", "-"}, "x\n", 0, "two\nx\n"},
      {{"cat", "none", "b"}, "", 1, "two\n", "cat: can't open 'none': No such file or directory\n"},
      {{"cat", "dir"}, "", 1, "", "cat: read error: Is a directory\n"},
      {{"cat", "-n", "a"}, "", 0, "     1\tone\n     2\ttwo\n     3\tthree\n"},
      {{"tac", "a"}, "", 0, "three\ntwo\none\n"},
      {{"rev"}, "abc\nd", 0, "cba\nd"},
      {{"tee"}, "x", 0, "x"},
      {{"tee", "dir"}, "x", 1, "x", "tee: dir: Is a directory\n"},
      {{"wc", "-l"}, "a\nb\n", 0, "2\n"},
      {{"wc", "b"}, "", 0, "        1         1         4 b\n"},
      {{"wc", "-c", "a", "b"}, "", 0, "       14 a\n        4 b\n       18 total\n"},
      {{"head", "-n1", "a"}, "", 0, "one\n"},
      {{"head", "-2", "a"}, "", 0, "one\ntwo\n"},
      {{"head", "-n", "-1", "a"}, "", 0, "one\ntwo\n"},
      {{"head", "-c4", "a", "b"}, "", 0, "==> a <==\none\n\n==> b <==\ntwo\n"},
      {{"head", "none"}, "", 1, "", "head: none: No such file or directory\n"},
      {{"tail", "-n1", "a"}, "", 0, "three\n"},
      {{"tail", "+2", "a"}, "", 0, "two\nthree\n"},
      {{"tail", "-c", "3", "a"}, "", 0, "ee\n"},
      {{"tail", "none"},
       "",
       1,
       "",
       "tail: can't open 'none': No such file or directory\ntail: no files\n"},
      {{"base64"}, "hi\n", 0, "aGkK\n"},
      {{"base64", "-d"}, "aGkK\n", 0, "hi\n"},
  });
  CHECK(CommandCall::unsupported({"cat", "-v"}) == "option -v");
  CHECK(CommandCall::unsupported({"tail", "-f", "x"}) == "option -f");
  CHECK(CommandCall::unsupported({"head", "-5"}).empty());
}

TEST_CASE("lines are put in order, cut and counted") {
  check_all({
      {{"sort"}, "b\na\nB\n", 0, "B\na\nb\n"},
      {{"sort", "-u"}, "b\na\nb", 0, "a\nb\n"},
      {{"sort", "-rn"}, "10\n9\n1.5\n", 0, "10\n9\n1.5\n"},
      {{"sort", "-f"}, "b\nB\na\n", 0, "a\nB\nb\n"},
      {{"sort", "-t:", "-k2,2n"}, "a:10\nb:9\n", 0, "b:9\na:10\n"},
      {{"sort", "-c"}, "b\na\n", 1, "", "Check line 1\n"},
      {{"sort", "none"}, "", 2, "", "sort: none: No such file or directory\n"},
      {{"uniq"}, "a\na\nb\na\n", 0, "a\nb\na\n"},
      {{"uniq", "-c"}, "a\na\nb\n", 0, "      2 a\n      1 b\n"},
      {{"uniq", "-d"}, "a\na\nb\n", 0, "a\n"},
      {{"uniq", "-u"}, "a\na\nb\n", 0, "b\n"},
      {{"uniq", "-if1", "-s1"}, "x aB\ny cb\n", 0, "x aB\ny cb\n"},
      {{"tr", "a-z", "A-Z"}, "abc[1]\n", 0, "ABC[1]\n"},
      {{"tr", "-d", "[:space:]"}, "a b\n", 0, "ab"},
      {{"tr", "-s", " ", "\\n"}, "a  b", 0, "a\nb"},
      {{"tr", "-cd", "[:alnum:]\\n"}, "a-1\n", 0, "a1\n"},
      {{"cut", "-d:", "-f1,3"}, "a:b:c:d\nx\n", 0, "a:c\nx\n"},
      {{"cut", "-sd:", "-f2-"}, "a:b:c\nx\n", 0, "b:c\n"},
      {{"cut", "-c2-3"}, "abcd\n", 0, "bc\n"},
      {{"seq", "3"}, "", 0, "1\n2\n3\n"},
      {{"seq", "-s,", "5", "-2", "1"}, "", 0, "5,3,1\n"},
      {{"seq", "-w", "8", "10"}, "", 0, "08\n09\n10\n"},
  });
  CommandCall call;
  CHECK_THROWS_AS(call.run({"seq", "1", "0", "2"}), NotNative);
  CHECK_THROWS_AS(call.run({"seq", "1", "1", "999999999"}), Error);
  CHECK(CommandCall::unsupported({"sort", "-V"}) == "option -V");
}

TEST_CASE("expr decides and computes") {
  check_all({
      {{"expr", "1", "+", "2", "*", "3"}, "", 0, "7\n"},
      {{"expr", "(", "1", "+", "2", ")", "*", "3"}, "", 0, "9\n"},
      {{"expr", "7", "%", "7"}, "", 1, "0\n"},
      {{"expr", "abc", ":", "a\\(.\\)"}, "", 0, "b\n"},
      {{"expr", "abc", ":", ".*"}, "", 0, "3\n"},
      {{"expr", "", "|", "x"}, "", 0, "x\n"},
      {{"expr", "10", ">", "9"}, "", 0, "1\n"},
      {{"expr", "a", "=", "b"}, "", 1, "0\n"},
      {{"expr", "length", "abc"}, "", 0, "3\n"},
      {{"expr", "substr", "abcd", "2", "2"}, "", 0, "bc\n"},
      {{"expr", "1", "/", "0"}, "", 2, "", "expr: division by zero\n"},
      {{"expr", "a", "+", "1"}, "", 2, "", "expr: non-numeric argument\n"},
      {{"expr", "1", "2"}, "", 2, "", "expr: syntax error\n"},
      {{"expr"}, "", 2, "", "expr: too few arguments\n"},
  });
}

TEST_CASE("files are compared and their digests taken") {
  check_all({
      {{"md5sum", "b"}, "", 0, "c193497a1a06b2c72230e6146ff47080  b\n"},
      {{"sha256sum"},
       "",
       0,
       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  -\n"},
      {{"md5sum", "-c", "sums"},
       "",
       1,
       "b: FAILED\n",
       "md5sum: WARNING: 1 of 1 computed checksums did NOT match\n"},
      {{"sha1sum", "none"}, "", 1, "", "sha1sum: can't open 'none': No such file or directory\n"},
      {{"cksum", "b"}, "", 0, "4132719841 4 b\n"},
      {{"cmp", "a", "b"}, "", 1, "a b differ: char 1, line 1\n"},
      {{"cmp", "-s", "b", "same"}, "", 0, ""},
      {{"diff", "-q", "a", "b"}, "", 1, "Files a and b differ\n"},
      {{"diff", "b", "same"}, "", 0, ""},
      {{"diff", "b", "none"}, "", 2, "", "diff: can't stat 'none': No such file or directory\n"},
  });
  CommandCall call;
  call.file("a", "1\n");
  call.file("b", "2\n");
  CHECK_THROWS_AS(call.run({"diff", "a", "b"}), NotNative);
}

TEST_CASE("commands that run others") {
  check_all({
      {{"xargs"}, "a b\nc\n", 0, "a b c\n"},
      {{"xargs", "-n1", "echo", "x"}, "a 'b c'\n", 0, "x a\nx b c\n"},
      {{"xargs", "-I{}", "echo", "[{}]"}, "a b\n\n c\n", 0, "[a b]\n[c]\n"},
      {{"xargs", "-0", "-n1", "echo"}, "a", 0, "a\n"},
      {{"xargs", "-r", "echo", "x"}, "", 0, ""},
      {{"xargs", "-t", "false"}, "a\n", 123, "", "false a\n"},
      {{"which", "sh", "none"}, "", 1, "/bin/sh\n"},
      {{"logger", "-t", "x", "text"}, "", 0, ""},
  });
  CHECK(CommandCall::unsupported({"xargs", "no-such-command"}) == "command no-such-command");
  CHECK(CommandCall::unsupported({"xargs", "-P4", "echo"}) == "option -P");
}

}  // namespace
}  // namespace tarn::builder
