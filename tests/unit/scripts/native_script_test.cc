#include "builder/scripts/native_script.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

/// A rootfs with busybox, its links for a few names, and some files.
Rootfs small_rootfs() {
  Rootfs rootfs;
  rootfs.make_directories("tmp", {});
  rootfs.make_directories("bin", {});
  rootfs.make_directories("usr/bin", {});
  rootfs.write_file("bin/busybox",
                    "\x7f"
                    "ELF busybox",
                    {}, 0755U);
  for (const std::string name : {"sh", "ash", "echo", "env", "which", "nothing-known"}) {
    Entry link;
    link.node = std::make_shared<Node>();
    link.node->type = NodeType::symlink;
    link.node->target = "/bin/busybox";
    rootfs.put("bin/" + name, link);
  }
  rootfs.write_file("usr/bin/foreign",
                    "\x7f"
                    "ELF foreign",
                    {}, 0755U);
  rootfs.write_file("usr/bin/script", "#!/bin/sh -e\necho \"$0 $*\" $x\nfalse\n", {}, 0755U);
  rootfs.write_file("usr/bin/plain", "echo plain $#\n", {}, 0755U);
  rootfs.write_file("usr/bin/python", "#!/usr/bin/python3\n", {}, 0755U);
  rootfs.write_file("usr/bin/python3",
                    "\x7f"
                    "ELF python",
                    {}, 0755U);
  rootfs.write_file("usr/bin/lost", "#!/nope\n", {}, 0755U);
  rootfs.write_file("usr/bin/bad", "#!/bin/sh\nforeign\n", {}, 0755U);
  rootfs.write_file("etc/passwd", "root:x:0:0:root:/root:/bin/ash\n", {});
  rootfs.write_file("etc/lines", "one two\nthree\n", {});
  return rootfs;
}

ScriptCall call_of(const std::string& text) {
  ScriptCall call;
  call.name = "s";
  call.arguments = {"a", "b c"};
  call.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}};
  call.text = text.starts_with("#!") || text.empty() ? text : "#!/bin/sh\n" + text;
  return call;
}

ScriptResult run(const std::string& text, Rootfs& rootfs, const ScriptLimits& limits = {}) {
  ScriptRootfs files(rootfs, 1'700'000'000);
  return run_native(call_of(text), files, {}, limits);
}

ScriptResult run(const std::string& text, const ScriptLimits& limits = {}) {
  auto rootfs = small_rootfs();
  return run(text, rootfs, limits);
}

struct Case {
  std::string text;
  std::string output;
  int status = 0;
};

const std::vector<Case> cases = {
    {"echo a; exit 3", "a\n", 3},
    {"echo $0 $# \"$2\" $?", "s 2 b c 0\n"},
    {"x='a  b'; echo $x \"$x\" '$x' ${x%% *}", "a b a  b $x a\n"},
    {"for i in \"$@\" x; do echo \"<$i>\"; done", "<a>\n<b c>\n<x>\n"},
    {"case $2 in 'b c') echo y;; *) echo n;; esac", "y\n"},
    {"i=0; while [ $i -lt 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo $i; done", "1\n3\n"},
    {"f() { local x=1; echo $x $1; return 4; }; x=0; f q; echo $? $x", "1 q\n4 0\n"},
    {"(x=1; cd /etc; umask 0; pwd); echo \"[$x]\" $PWD $(umask)", "/etc\n[] / 0022\n"},
    {"echo a | { read x; echo \"<$x>\"; }; ! false; echo $?", "<a>\n0\n"},
    {"while read a b; do echo $b-$a; done < etc/lines", "two-one\n-three\n"},
    {"echo text > /tmp/o; echo more >> /tmp/o; read x < /tmp/o; echo $x", "text\n"},
    {"echo a >&2; { echo b; echo c >&2; } 2>/dev/null", "a\nb\n"},
    {"cd /etc; echo p* l*; echo /etc/*s* /nope*", "passwd lines\n/etc/lines /etc/passwd /nope*\n"},
    {"echo ~root ~nobody; HOME=/h; echo ~/x", "/root ~nobody\n/h/x\n"},
    {"while read l; do echo \"$l\"; done <<E\n$1 $(echo q)\nE\n", "a q\n"},
    {"eval 'x=1; echo $x'; trap 'echo bye $?' EXIT; exit 2", "1\nbye 2\n", 2},
    {"trap 'nosuch' EXIT; exit 2", "s: line 2: nosuch: not found\n", 2},
    {"busybox sh -c 'echo $0'; command -v if", "sh\nif\n"},
    {"nosuch; echo $?", "s: line 2: nosuch: not found\n127\n"},
    {"echo > /nope/x; echo $?", "s: line 2: can't create /nope/x: nonexistent directory\n1\n"},
    {"cd /nope; echo $?", "s: cd: line 2: can't cd to /nope: No such file or directory\n2\n"},
    {"echo ${x?gone}; echo no", "s: line 2: x: gone\n", 2},
    {"readonly r=1; r=2; echo no", "s: line 2: r: is read only\n", 2},
    {"script 1 2; echo $?", "/usr/bin/script 1 2\n1\n"},
    {"x=5 /usr/bin/script; plain q; lost; echo $?",
     "/usr/bin/script  5\nplain 1\ns: line 2: lost: not found\n127\n"},
    {"sh -c 'echo $0 $1' n m; sh -ec 'false; echo no'; echo $?", "n m\n1\n"},
    {"env x=1 sh -c 'echo $x'; which sh nosuch; echo $?; command -v script cd",
     "1\n/bin/sh\n1\n/usr/bin/script\n"},
    {"set -- -b v -a; while getopts ab: o; do echo $o $OPTARG; done", "b v\na\n"},
    {"#!/bin/sh -e\nfalse\necho no", "", 1},
    {"#!/bin/busybox sh\necho a", "a\n"},
    {"#!/nope\necho a", "", 127},
    {"echo", "\n"},
};

TEST_CASE("scripts run as in ash") {
  for (const auto& row : cases) {
    const auto& [text, output, status] = row;
    CAPTURE(row.text);
    const auto result = run(text);
    CHECK(result.output == output);
    CHECK(result.status == status);
  }
}

TEST_CASE("a text without an interpreter line has no effect") {
  auto rootfs = small_rootfs();
  ScriptRootfs files(rootfs, 0);
  auto call = call_of("");
  call.text = "echo a > /tmp/x\n";
  const auto result = run_native(call, files, {}, {});
  CHECK(result.status == 127);
  CHECK(result.output.empty());
  CHECK(rootfs.find("tmp/x") == nullptr);
  CHECK_FALSE(check_script(call, files).has_value());
}

/// How a script ends with `set -e`: -1 for one that goes on to its end.
struct ErrorExit {
  std::string text;
  int status;
};

const std::vector<ErrorExit> error_exits = {
    {"false", 1},
    {"(exit 3)", 3},
    {"x=$(exit 4)", 4},
    {"{ false; }", 1},
    {"f() { false; }; f", 1},
    {"eval false", 1},
    {"true && (exit 5)", 5},
    {"true | (exit 6)", 6},
    {"nosuch", 127},
    {"case a in a) false;; esac", 1},
    {"if true; then false; fi", 1},
    {"for i in 1; do false; done", 1},
    {"while :; do false; done", 1},
    {"true > /nope/x", 1},
    {"if false; then :; fi", -1},
    {"while false; do :; done", -1},
    {"until true; do :; done", -1},
    {"false || true", -1},
    {"false && true", -1},
    {"! true", -1},
    {"! false", -1},
    {"f() { false; true; }; f || true", -1},
    {"(false; true) || true", -1},
    {"if f() { false; }; f; then :; fi", -1},
    {"false | true", -1},
    {"echo $(false)", -1},
    {"export x=$(false)", -1},
    {"case $(false) in *) ;; esac", -1},
    {"{ :; } < /nope", -1},
};

TEST_CASE("set -e ends a script where ash does") {
  for (const auto& row : error_exits) {
    const auto& [text, status] = row;
    CAPTURE(row.text);
    const auto result = run("set -e\n" + text + "\nexit 77");
    CHECK(result.status == (status == -1 ? 77 : status));
  }
}

const std::vector<std::pair<std::string, std::string>> not_native = {
    {"foreign", "runs /usr/bin/foreign"},
    {"nothing-known", "nothing-known is no native command"},
    {"python", "/usr/bin/python runs in /usr/bin/python3"},
    {"true &", "a command in the background"},
    {"echo $$", "the value of $$"},
    {"alias a=b", "the builtin alias"},
    {"echo > /dev/tty", "a redirection to /dev/tty"},
    {"set -x", "set: option -x"},
    {"read -t 5 x", "read: option -t"},
    {"echo ${@#a}", "an operator on $@"},
    {"\"$1\" x", "a command whose name only the run shows"},
    {"trap 'foreign' EXIT", "runs /usr/bin/foreign"},
    {"sh -c foreign", "runs /usr/bin/foreign"},
    {"eval 'foreign'", "runs /usr/bin/foreign"},
    {"bad", "in /usr/bin/bad, line 2: runs /usr/bin/foreign"},
    {"f() { foreign; }; f", "runs /usr/bin/foreign"},
    {"x=$(foreign)", "runs /usr/bin/foreign"},
    {"cmd=foreign; $cmd", "runs /usr/bin/foreign"},
    {"for c in echo foreign; do $c x; done", "runs /usr/bin/foreign"},
    {"exec foreign", "runs /usr/bin/foreign"},
    {"command foreign", "runs /usr/bin/foreign"},
    {"if false; then foreign; fi", "runs /usr/bin/foreign"},
};

TEST_CASE("what cannot be run exactly is found before") {
  auto rootfs = small_rootfs();
  const ScriptRootfs files(rootfs, 0);
  for (const auto& row : not_native) {
    const auto& [text, what] = row;
    CAPTURE(row.first);
    const auto found = check_script(call_of("\n" + text), files);
    REQUIRE(found.has_value());
    CHECK(found->line == 3);
    CHECK(found->what == what);
  }
}

TEST_CASE("what cannot be reached or is missing does not count") {
  auto rootfs = small_rootfs();
  const ScriptRootfs files(rootfs, 0);
  for (const std::string text :
       {"exit 0; foreign", "f() { foreign; }", "f() { return 0; foreign; }; f",
        "no-such-command -x", "foreign() { echo; }; foreign", "cmd=echo; $cmd a",
        "/usr/bin/missing", "set +x", "script; plain; lost", "[ a = b ] || exit 0; echo"}) {
    CAPTURE(text);
    CHECK_FALSE(check_script(call_of(text), files).has_value());
  }
}

TEST_CASE("many functions that call each other are looked at") {
  auto rootfs = small_rootfs();
  const ScriptRootfs files(rootfs, 0);
  std::string text = "f0() { foreign; }\n";
  for (int i = 1; i < 4'000; ++i)
    text += "f" + std::to_string(i) + "() { f" + std::to_string(i - 1) + "; }\n";
  const auto found = check_script(call_of(text + "f3999\n"), files);
  REQUIRE(found.has_value());
  CHECK(found->line == 2);
  CHECK_THROWS_AS((void)run(text + "f3999\n"), Error);
}

TEST_CASE("a script of more than 2 MiB is not parsed") {
  auto rootfs = small_rootfs();
  const ScriptRootfs files(rootfs, 0);
  const auto call = call_of(std::string(3U << 20U, ';'));
  CHECK(check_script(call, files).has_value());
}

TEST_CASE("a script that cannot be parsed is found with its line") {
  auto rootfs = small_rootfs();
  const ScriptRootfs files(rootfs, 0);
  const auto found = check_script(call_of("echo\nif true; fi"), files);
  REQUIRE(found.has_value());
  CHECK(found->line == 3);
  CHECK(found->what == "the syntax is not understood: unexpected \"fi\"");
  CHECK(check_script(call_of("#!/usr/bin/python3\n"), files)->what ==
        "it runs in /usr/bin/python3");
}

TEST_CASE("surprises of the run are no results") {
  for (const std::string text :
       {"x=foreign; eval \"$x\"", "eval 'if'", "echo 'foreign' > /tmp/x; . /tmp/x",
        "exec 3>/tmp/x; echo a <&3 | read y <&3", "x=\\$; eval \"echo $x$x\"", "read x < /etc",
        "cd /; for i in dev/*; do set $x; done", "set"}) {
    CAPTURE(text);
    auto rootfs = small_rootfs();
    rootfs.make_directories("dev", {});
    CHECK_THROWS_AS((void)run(text, rootfs), NotNative);
  }
}

TEST_CASE("scripts without end reach their bounds") {
  ScriptLimits limits;
  limits.steps = 20'000;
  limits.octets = 1U << 20U;
  for (const std::string text :
       {"while :; do :; done", "f() { f; }; f", "f() { (f); }; f", "f() { x=$(f); }; f",
        "x=a; while :; do x=$x$x; done", "while :; do echo aaaaaaaa >> /tmp/x; done",
        "until false; do sh -c :; done", "x='eval \"$x\"'; eval \"$x\"",
        "echo '. /tmp/y' > /tmp/y; . /tmp/y",
        "printf '#!/bin/sh\\n/tmp/z' > /tmp/z; sh /tmp/z; "
        "while sh /tmp/z; do :; done; while :; do :; done",
        "set -- a; while :; do set -- \"$@\" \"$@\"; done", "trap 'while :; do :; done' EXIT"}) {
    CAPTURE(text);
    CHECK_THROWS_AS((void)run(text, limits), Error);
  }
}

TEST_CASE("files are followed, not their names") {
  auto rootfs = small_rootfs();
  CHECK(
      run("exec 3>/tmp/a 4>/tmp/a; echo one >&3; echo 2 >&4; exec 5<>/tmp/a; read x <&5; echo $x; "
          "echo new >&5; while read l; do echo \"<$l>\"; done < /tmp/a",
          rootfs)
          .output == "2\n<2>\n<new>\n");
  CHECK(rootfs.read_file("tmp/a") == "2\nnew\n");
}

}  // namespace
}  // namespace tarn::builder
