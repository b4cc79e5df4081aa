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
    call.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nnginx:x:100:101::/var:/bin/false\n");
    call.file("etc/group", "root:x:0:root\n");
    call.file("script", "#!x\ns/a/b/\n");
    call.file("patterns", "nginx\nroot\n");
    call.rootfs.make_directories("dir/sub", Owner{});
    call.file("dir/sub/file", "needle\n");
    CAPTURE(one.arguments);
    const test::CallResult result = call.run(one.arguments, one.input);
    CHECK(result.status == one.status);
    CHECK(result.output == one.output);
    CHECK(result.error == one.error);
  }
}

TEST_CASE("grep selects lines") {
  check_all({
      {{"grep", "b"}, "abc\nxyz\nb", 0, "abc\nb\n"},
      {{"grep", "q"}, "abc\n", 1, ""},
      {{"grep", "-q", "^nginx:", "/etc/passwd"}, "", 0, ""},
      {{"grep", "-c", "x", "etc/passwd"}, "", 0, "2\n"},
      {{"grep", "-v", "nginx", "etc/passwd"}, "", 0, "root:x:0:0::/root:/bin/sh\n"},
      {{"grep", "-n", "nginx", "etc/passwd", "etc/group"},
       "",
       0,
       "etc/passwd:2:nginx:x:100:101::/var:/bin/false\n"},
      {{"grep", "-hw", "root", "etc/group", "etc/passwd"},
       "",
       0,
       "root:x:0:root\nroot:x:0:0::/root:/bin/sh\n"},
      {{"grep", "-l", "nginx", "etc/passwd", "etc/group"}, "", 0, "etc/passwd\n"},
      {{"grep", "-L", "nginx", "etc/passwd", "etc/group"}, "", 0, "etc/group\n"},
      {{"grep", "-H", "a"}, "a\n", 0, "(standard input):a\n"},
      {{"grep", "-i", "ABC"}, "xabc\n", 0, "xabc\n"},
      {{"grep", "-x", "ab\\|abc"}, "abc\nabcd\n", 0, "abc\n"},
      {{"grep", "-w", "foo"}, "xfoo\nxfoo foo\nfoo_\n", 0, "xfoo foo\n"},
      {{"grep", "-F", "a.b"}, "axb\na.b\n", 0, "a.b\n"},
      {{"fgrep", "-i", "A.B"}, "a.b\n", 0, "a.b\n"},
      {{"egrep", "a+b|c"}, "aab\nc\nd\n", 0, "aab\nc\n"},
      {{"grep", "-e", "a", "-e", "b"}, "a\nb\nc\n", 0, "a\nb\n"},
      {{"grep", "-f", "patterns", "etc/group"}, "", 0, "root:x:0:root\n"},
      {{"grep", "-o", "o*"}, "foo bo\n", 0, "oo\no\n"},
      {{"grep", "-m1", "a"}, "a1\na2\n", 0, "a1\n"},
      {{"grep", "-A1", "-B1", "3"}, "1\n2\n3\n4\n5\n", 0, "2\n3\n4\n"},
      {{"grep", "-nC1", "[26]"}, "1\n2\n3\n4\n5\n6\n", 0, "1-1\n2:2\n3-3\n--\n5-5\n6:6\n"},
      {{"grep", "-rq", "needle", "dir"}, "", 0, ""},
      {{"grep", "-rq", "nothing", "dir"}, "", 1, ""},
      {{"grep", "a", "none"}, "", 2, "", "grep: none: No such file or directory\n"},
      {{"grep", "-s", "root", "none", "etc/group"}, "", 2, "etc/group:root:x:0:root\n"},
      {{"grep", "-q", "root", "none", "etc/group"},
       "",
       0,
       "",
       "grep: none: No such file or directory\n"},
  });
  CHECK(CommandCall::unsupported({"grep", "-P", "x"}) == "option -P");
  CHECK(CommandCall::unsupported({"grep", "-r", "x"}) == "option -r without -q");
  CHECK(CommandCall::unsupported({"grep", "-qwF", "x"}).empty());
  CommandCall call;
  CHECK_THROWS_AS(call.run({"grep", "a"}, std::string_view("a\0b\n", 4)), NotNative);
}

TEST_CASE("sed edits") {
  check_all({
      {{"sed", "s/o/0/"}, "foo\nbar\n", 0, "f0o\nbar\n"},
      {{"sed", "s/o/0/g;s/^/> /"}, "foo", 0, "> f00"},
      {{"sed", "-n", "2p"}, "a\nb\nc\n", 0, "b\n"},
      {{"sed", "-n", "$="}, "a\nb\n", 0, "2\n"},
      {{"sed", "-e", "/b/d", "-e", "s/c/C/"}, "a\nb\nc\n", 0, "a\nC\n"},
      {{"sed", "/b/,/d/!d"}, "a\nb\nc\nd\ne\n", 0, "b\nc\nd\n"},
      {{"sed", "2,+1d"}, "1\n2\n3\n4\n", 0, "1\n4\n"},
      {{"sed", "-E", "s/(a+)(b?)/[\\2\\1]/"}, "xaab\n", 0, "x[baa]\n"},
      {{"sed", "s,/usr,&/local,"}, "/usr/bin\n", 0, "/usr/local/bin\n"},
      {{"sed", "s|a\\|b|X|"}, "a|b\n", 0, "X\n"},
      {{"sed", "s/b*/X/2"}, "abc\n", 0, "aXc\n"},
      {{"sed", "s/x*/-/g"}, "abc\n", 0, "-a-b-c-\n"},
      {{"sed", "s/A/x/I"}, "cat\n", 0, "cxt\n"},
      {{"sed", "/o/s//0/"}, "foo\n", 0, "f0o\n"},
      {{"sed", "1a\\\ntext"}, "1\n2\n", 0, "1\ntext\n2\n"},
      {{"sed", "$a last"}, "1\n2", 0, "1\n2\nlast\n"},
      {{"sed", "1i\\  first"}, "1\n", 0, "  first\n1\n"},
      {{"sed", "2c\\\nnew"}, "1\n2\n3\n", 0, "1\nnew\n3\n"},
      {{"sed", ":a;N;$!ba;s/\\n/,/g"}, "1\n2\n3\n", 0, "1,2,3\n"},
      {{"sed", "1!G;h;$!d"}, "1\n2\n3\n", 0, "3\n2\n1\n"},
      {{"sed", "y/abc/xyz/"}, "aabbcc\n", 0, "xxyyzz\n"},
      {{"sed", "2q"}, "1\n2\n3\n", 0, "1\n2\n"},
      {{"sed", "N;P;D"}, "1\n2\n3\n", 0, "1\n2\n3\n"},
      {{"sed", "-n", "/a/{n;p}"}, "a\nb\nc\n", 0, "b\n"},
      {{"sed", "s/a/b/;T;s/$/!/"}, "a\nc\n", 0, "b!\nc\n"},
      {{"sed", "r etc/group"}, "x\n", 0, "x\nroot:x:0:root\n"},
      {{"sed", "p", "none"}, "", 1, "", "sed: none: No such file or directory\n"},
      {{"sed", "-f", "script"}, "a\n", 0, "b\n", ""},
  });
}

TEST_CASE("sed writes files") {
  CommandCall call;
  call.file("conf", "listen 80;\nuser root;\n", 0640);
  call.rootfs.find("conf")->node->uid = 33;
  CHECK(call.run({"sed", "-i", "-e", "s/root/nginx/", "conf", "none"}).status == 1);
  CHECK(call.text("conf") == "listen 80;\nuser nginx;\n");
  CHECK(call.rootfs.find("conf")->node->mode == 0640);
  CHECK(call.rootfs.find("conf")->node->uid == 33);
  CHECK(call.run({"sed", "-i.bak", "1d", "conf"}).status == 0);
  CHECK(call.text("conf") == "user nginx;\n");
  CHECK(call.text("conf.bak") == "listen 80;\nuser nginx;\n");
  CHECK(call.run({"sed", "-n", "w out\ns/u/U/w changed", "conf.bak"}).status == 0);
  CHECK(call.text("out") == "listen 80;\nuser nginx;\n");
  CHECK(call.text("changed") == "User nginx;\n");
}

TEST_CASE("what sed cannot do exactly is known before") {
  CHECK(CommandCall::unsupported({"sed", "s/a/b/"}).empty());
  CHECK(CommandCall::unsupported({"sed", "-i", "s/a/b/", "file"}).empty());
  CHECK(CommandCall::unsupported({"sed", "-z", "s/a/b/"}) == "option -z");
  CHECK(CommandCall::unsupported({"sed", "1~2d"}) == "sed: unsupported command ~");
  CHECK(CommandCall::unsupported({"sed", "s/a/b/e"}) ==
        "sed: bad option in substitution expression");
  CHECK(CommandCall::unsupported({"sed", "s/\\(a\\)\\1/b/"}) ==
        "a back-reference in a regular expression");
  CHECK(CommandCall::unsupported({"sed", "bx"}) == "sed: can't find label for jump to 'x'");
}

TEST_CASE("awk works on fields") {
  const char* text = "a b c\nd:e f\n\n10 9 x\n";
  check_all({
      {{"awk", "{print $1,$NF}"}, text, 0, "a c\nd:e f\n \n10 x\n"},
      {{"awk", "-F:", "$3>99{print $1}", "/etc/passwd"}, "", 0, "nginx\n"},
      {{"awk", "-F", ":", "-v", "n=nginx", "$1==n{print $3}", "/etc/passwd"}, "", 0, "100\n"},
      {{"awk", "NR==2"}, text, 0, "d:e f\n"},
      {{"awk", "/a/,/f/"}, text, 0, "a b c\nd:e f\n"},
      {{"awk", "!seen[$1]++"}, "a\nb\na\n", 0, "a\nb\n"},
      {{"awk", "{$2=\"Q\"}1"}, "a b c\n", 0, "a Q c\n"},
      {{"awk", "{s+=$1}END{print s, NR}"}, "1\n2.5\n", 0, "3.5 2\n"},
      {{"awk", "BEGIN{OFS=\"-\";print substr(\"hello\",2,3),index(\"abc\",\"c\"),toupper(\"x\")}"},
       "",
       0,
       "ell-3-X\n"},
      {{"awk", "BEGIN{n=split(\"a:b:c\",A,\":\");print n A[3]}"}, "", 0, "3c\n"},
      {{"awk", "{gsub(/b/,\"[&]\");print}"}, "abcb\n", 0, "a[b]c[b]\n"},
      {{"awk", "BEGIN{print match(\"xabc\",/b./),RSTART,RLENGTH}"}, "", 0, "3 3 2\n"},
      {{"awk", "BEGIN{printf \"%s %d %5.2f|%-3s|\\n\",\"a\",3.7,2.5,\"b\"}"},
       "",
       0,
       "a 3  2.50|b  |\n"},
      {{"awk", "BEGIN{for(i=0;i<5;i++){if(i==1)continue;if(i==3)break;print i}}"}, "", 0, "0\n2\n"},
      {{"awk", "BEGIN{while(i<2)i++;do i++;while(i<5);print i;if(i>9)print 1;else print 2}"},
       "",
       0,
       "5\n2\n"},
      {{"awk", "BEGIN{print 1/3,1e6,7%3,2^10,1==1.0,\"10\"<\"9\"}"},
       "",
       0,
       "0.333333 1000000 1 1024 1 1\n"},
      {{"awk", "NR==1{next}{exit 3}END{print \"end\"}"}, text, 3, "end\n"},
      {{"awk", "{print x}", "x=1", "etc/group"}, "", 0, "1\n"},
      {{"awk", "BEGIN{a[1]=2;delete a[1];print (1 in a)}"}, "", 0, "0\n"},
  });
  CommandCall call;
  CHECK(call.run({"awk", "{print > \"out\"}"}, "a\nb\n").status == 0);
  CHECK(call.text("out") == "a\nb\n");
  CHECK_THROWS_AS(call.run({"awk", "BEGIN{while(1)x++}"}), Error);
}

TEST_CASE("what awk cannot do exactly is known before") {
  for (const char* program :
       {"BEGIN{getline}", "{print | \"cat\"}", "function f(){}", "{for(k in a)print k}", "{print",
        "BEGIN{system(\"x\")}", "{print $-1}", "BEGIN{print 0x10}", "BEGIN{a[i++]+=1}", "/(/"}) {
    CAPTURE(program);
    CHECK_FALSE(CommandCall::unsupported({"awk", program}).empty());
  }
  CHECK(CommandCall::unsupported({"awk", "-F:", "{print $1}"}).empty());
}

}  // namespace
}  // namespace tarn::builder
