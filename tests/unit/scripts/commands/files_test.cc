#include <algorithm>
#include <map>

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "unit/scripts/commands/command_call.h"

namespace tarn::builder {
namespace {

using test::CallResult;
using Lines = std::vector<std::string>;

/// The entries of a rootfs but those of etc, one a line: "f 644 0:0 path=text", "l path->target";
/// of further names of a node "same path=first".
Lines tree_of(const Rootfs& rootfs) {
  Lines lines;
  std::map<const Node*, std::string> seen;
  rootfs.walk([&](const std::string& path, const Entry& entry) {
    if (path == "etc" || path.starts_with("etc/")) return;
    const Node& node = *entry.node;
    const auto [first, is_new] = seen.emplace(&node, path);
    if (!is_new) {
      lines.push_back(fmt::format("same {}={}", path, first->second));
    } else if (node.type == NodeType::symlink) {
      lines.push_back(fmt::format("l {}:{} {}->{}", node.uid, node.gid, path, node.target));
    } else {
      const char letter = node.type == NodeType::directory ? 'd'
                          : node.type == NodeType::fifo    ? 'p'
                                                           : 'f';
      std::string line =
          fmt::format("{} {:o} {}:{} {}", letter, node.mode, node.uid, node.gid, path);
      if (letter == 'f') line += "=" + node.content.read();
      lines.push_back(line);
    }
  });
  return lines;
}

test::CommandCall sample() {
  test::CommandCall call;
  call.file("etc/passwd", "root:x:0:0::/root:/bin/ash\nman:x:13:15::/:/bin/ash\n");
  call.file("etc/group", "root:x:0:\nadm:x:4:\nman:x:15:\n");
  call.file("f", "F", 0644);
  call.file("x", "X", 04755);
  call.file("d/g", "G", 0600);
  call.rootfs.make_directories("d/e", Owner{});
  ScriptRootfs files(call.rootfs, 0);
  files.make_symlink("f", "/l");
  files.make_symlink("nix", "/dang");
  files.make_symlink("d", "/ld");
  return call;
}

const Lines& before() {
  static const Lines lines = tree_of(sample().rootfs);
  return lines;
}

struct Change {
  std::vector<std::string> arguments;
  CallResult expected;
  Lines added = {};    ///< lines of the tree that are new
  Lines removed = {};  ///< and those that are gone
};

void check_all(const std::vector<Change>& changes) {
  for (const auto& test : changes) {
    CAPTURE(test.arguments);
    auto call = sample();
    const CallResult result = call.run(test.arguments);
    CHECK(result.status == test.expected.status);
    CHECK(result.output == test.expected.output);
    CHECK(result.error == test.expected.error);
    const Lines after = tree_of(call.rootfs);
    Lines added;
    Lines removed;
    for (const auto& line : after)
      if (std::find(before().begin(), before().end(), line) == before().end())
        added.push_back(line);
    for (const auto& line : before())
      if (std::find(after.begin(), after.end(), line) == after.end()) removed.push_back(line);
    CHECK(added == test.added);
    CHECK(removed == test.removed);
    CHECK(test::CommandCall::unsupported(test.arguments).empty());
  }
}

TEST_CASE("mkdir and rmdir") {
  check_all({
      {{"mkdir", "a"}, {}, {"d 755 0:0 a"}},
      {{"mkdir", "-m", "1777", "a"}, {}, {"d 1777 0:0 a"}},
      {{"mkdir", "-m", "u=rwx,go=", "a"}, {}, {"d 700 0:0 a"}},
      {{"mkdir", "-pm", "700", "a/b"}, {}, {"d 755 0:0 a", "d 700 0:0 a/b"}},
      {{"mkdir", "--parents", "d", "a//b/"}, {}, {"d 755 0:0 a", "d 755 0:0 a/b"}},
      {{"mkdir", "-p", "-m", "700", "d"}, {}},
      {{"mkdir", "."}, {}},
      {{"mkdir", "d"}, {1, "", "mkdir: can't create directory 'd': File exists\n"}},
      {{"mkdir", "-p", "f"}, {1, "", "mkdir: can't create directory 'f': File exists\n"}},
      {{"mkdir", "-p", "f/a"}, {1, "", "mkdir: can't create directory 'f/': Not a directory\n"}},
      {{"mkdir", "-p", "dang"},
       {1, "", "mkdir: can't create directory 'dang': No such file or directory\n"}},
      {{"mkdir", "a/b"},
       {1, "", "mkdir: can't create directory 'a/b': No such file or directory\n"}},
      {{"mkdir", ""}, {1, "", "mkdir: can't create directory '': No such file or directory\n"}},
      {{"mkdir", "-m", "8", "a"}, {1, "", "mkdir: invalid mode '8'\n"}},
      {{"rmdir", "d/e"}, {}, {}, {"d 755 0:0 d/e"}},
      {{"rmdir", "d"}, {1, "", "rmdir: 'd': Directory not empty\n"}},
      {{"rmdir", "--ignore-fail-on-non-empty", "d"}, {}},
      {{"rmdir", "-p", "d/e"}, {1, "", "rmdir: 'd': Directory not empty\n"}, {}, {"d 755 0:0 d/e"}},
      {{"rmdir", "f", "nix"},
       {1, "", "rmdir: 'f': Not a directory\nrmdir: 'nix': No such file or directory\n"}},
  });
}

TEST_CASE("cp") {
  check_all({
      {{"cp", "x", "n"}, {}, {"f 4755 0:0 n=X"}},
      {{"cp", "x", "f"}, {}, {"f 4755 0:0 f=X"}, {"f 644 0:0 f=F"}},
      {{"cp", "x", "l"}, {}, {"f 4755 0:0 l=X"}, {"l 0:0 l->f"}},
      {{"cp", "x", "f", "d"}, {}, {"f 644 0:0 d/f=F", "f 4755 0:0 d/x=X"}},
      {{"cp", "l", "n"}, {}, {"f 644 0:0 n=F"}},
      {{"cp", "-d", "l", "n"}, {}, {"l 0:0 n->f"}},
      {{"cp", "-r", "d", "n"}, {}, {"d 755 0:0 n", "d 755 0:0 n/e", "f 600 0:0 n/g=G"}},
      {{"cp", "-a", "d/.", "ld/e"},
       {1, "", "cp: recursion detected, omitting directory 'd/./e'\n"},
       {"f 600 0:0 d/e/g=G"}},
      {{"cp", "-l", "f", "n"}, {}, {"same n=f"}},
      {{"cp", "-s", "/f", "n"}, {}, {"l 0:0 n->/f"}},
      {{"cp", "-t", "d", "f"}, {}, {"f 644 0:0 d/f=F"}},
      {{"cp", "-n", "x", "f"}, {}},
      {{"cp", "-T", "f", "d"}, {1, "", "cp: 'd' is a directory\n"}},
      {{"cp", "-r", "d", "f"}, {1, "", "cp: can't stat 'f/d': Not a directory\n"}},
      {{"cp", "-l", "f", "x"}, {}, {"same x=f"}, {"f 4755 0:0 x=X"}},
      {{"cp", "d", "n"}, {1, "", "cp: omitting directory 'd'\n"}},
      {{"cp", "nix", "n"}, {1, "", "cp: can't stat 'nix': No such file or directory\n"}},
      {{"cp", "f", "f"}, {1, "", "cp: 'f' and 'f' are the same file\n"}},
      {{"cp", "f", "nix/"}, {1, "", "cp: can't create 'nix/': Is a directory\n"}},
      {{"cp", "f", "x", "nix"},
       {1, "",
        "cp: can't create 'nix/f': No such file or directory\n"
        "cp: can't create 'nix/x': No such file or directory\n"}},
      {{"cp", "f", "x/n"}, {1, "", "cp: can't stat 'x/n': Not a directory\n"}},
      {{"cp", "-r", "d", "d/n"},
       {1, "", "cp: recursion detected, omitting directory 'd/n'\n"},
       {"d 755 0:0 d/n", "d 755 0:0 d/n/e", "f 600 0:0 d/n/g=G"}},
      {{"cp", "/dev/null", "n"}, {}, {"f 644 0:0 n="}},
  });
}

TEST_CASE("mv, rm and ln") {
  check_all({
      {{"mv", "f", "n"}, {}, {"f 644 0:0 n=F"}, {"f 644 0:0 f=F"}},
      {{"mv", "f", "d"}, {}, {"f 644 0:0 d/f=F"}, {"f 644 0:0 f=F"}},
      {{"mv", "-n", "f", "x"}, {}},
      {{"mv", "-t", "d/e", "l", "f"},
       {},
       {"f 644 0:0 d/e/f=F", "l 0:0 d/e/l->f"},
       {"f 644 0:0 f=F", "l 0:0 l->f"}},
      {{"mv", "d", "d/e"}, {1, "", "mv: can't rename 'd': Invalid argument\n"}},
      {{"mv", "nix", "d"}, {1, "", "mv: can't rename 'nix': No such file or directory\n"}},
      {{"mv", "-T", "f", "d"}, {1, "", "mv: 'd' is a directory\n"}},
      {{"mv", "f", "x/y"}, {1, "", "mv: can't stat 'x/y': Not a directory\n"}},
      {{"rm", "f", "l"}, {}, {}, {"f 644 0:0 f=F", "l 0:0 l->f"}},
      {{"rm", "-rf", "d", "nix"}, {}, {}, {"d 755 0:0 d", "d 755 0:0 d/e", "f 600 0:0 d/g=G"}},
      {{"rm", "ld/"}, {}, {}, {"l 0:0 ld->d"}},
      {{"rm", "-f"}, {}},
      {{"rm", "d"}, {1, "", "rm: 'd' is a directory\n"}},
      {{"rm", "nix"}, {1, "", "rm: can't remove 'nix': No such file or directory\n"}},
      {{"rm", "-f", "f/x"}, {1, "", "rm: can't stat 'f/x': Not a directory\n"}},
      {{"rm", "-rf", "d/."}, {1, "", "rm: can't remove '.' or '..'\n"}},
      {{"ln", "f", "n"}, {}, {"same n=f"}},
      {{"ln", "-s", "f", "n"}, {}, {"l 0:0 n->f"}},
      {{"ln", "-s", "/a/b"}, {}, {"l 0:0 b->/a/b"}},
      {{"ln", "-sf", "y", "f"}, {}, {"l 0:0 f->y"}, {"f 644 0:0 f=F"}},
      {{"ln", "-s", "y", "ld"}, {}, {"l 0:0 d/y->y"}},
      {{"ln", "-sfn", "y", "ld"}, {}, {"l 0:0 ld->y"}, {"l 0:0 ld->d"}},
      {{"ln", "-s", "p", "q", "d"}, {}, {"l 0:0 d/p->p", "l 0:0 d/q->q"}},
      {{"ln", "-sT", "y", "d"}, {1, "", "ln: 'd' is a directory\n"}},
      {{"ln", "-s", "y", "f"}, {1, "", "ln: f: File exists\n"}},
      {{"ln", "nix", "n"}, {1, "", "ln: nix: No such file or directory\n"}},
      {{"ln", "d", "n"}, {1, "", "ln: n: Operation not permitted\n"}},
      {{"ln", "-f", "f", "f"},
       {1, "", "ln: f: No such file or directory\n"},
       {},
       {"f 644 0:0 f=F"}},
  });
}

TEST_CASE("chmod reads octal and symbolic modes") {
  const auto file = [](std::string_view mode) { return Lines{fmt::format("f {} 0:0 f=F", mode)}; };
  const Lines gone = {"f 644 0:0 f=F"};
  check_all({
      {{"chmod", "4711", "f"}, {}, file("4711"), gone},
      {{"chmod", "0", "f"}, {}, file("0"), gone},
      {{"chmod", "+x", "f"}, {}, file("755"), gone},
      {{"chmod", "-w", "f"}, {}, file("444"), gone},
      {{"chmod", "u+x,go-r", "f"}, {}, file("700"), gone},
      {{"chmod", "u=g+w", "f"}, {}, {}},
      {{"chmod", "g=u", "f"}, {}, file("664"), gone},
      {{"chmod", "=rw", "f"}, {}, {}},
      {{"chmod", "=", "f"}, {}, file("0"), gone},
      {{"chmod", "+s", "f"}, {}, file("6644"), gone},
      {{"chmod", "u+t,o+s", "f"}, {}},
      {{"chmod", "+t", "f"}, {}, file("1644"), gone},
      {{"chmod", "a+X", "f"}, {}},
      {{"chmod", "u+x,a+X", "f"}, {}, file("755"), gone},
      {{"chmod", ",u+x,", "f"}, {}, file("744"), gone},
      {{"chmod", "600", "l"}, {}, file("600"), gone},
      {{"chmod", "-R", "go=rX", "d"}, {}, {"f 644 0:0 d/g=G"}, {"f 600 0:0 d/g=G"}},
      {{"chmod", "-v", "600", "f"},
       {0, "mode of 'f' changed to 0600 (rw-------)\n", ""},
       file("600"),
       gone},
      {{"chmod", "u=s,u+x", "x"}, {}, {"f 4155 0:0 x=X"}, {"f 4755 0:0 x=X"}},
      {{"chmod", "8", "f"}, {1, "", "chmod: invalid mode '8'\n"}},
      {{"chmod", "10000", "f"}, {1, "", "chmod: invalid mode '10000'\n"}},
      {{"chmod", "u+z", "f"}, {1, "", "chmod: invalid mode 'u+z'\n"}},
      {{"chmod", "600", "dang"}, {1, "", "chmod: dang: No such file or directory\n"}},
  });
}

TEST_CASE("chown and chgrp look names up in the rootfs") {
  const auto file = [](std::string_view owner) {
    return Lines{fmt::format("f 644 {} f=F", owner)};
  };
  const Lines gone = {"f 644 0:0 f=F"};
  check_all({
      {{"chown", "man", "f"}, {}, file("13:0"), gone},
      {{"chown", "man:adm", "f"}, {}, file("13:4"), gone},
      {{"chown", "man.adm", "f"}, {}, file("13:4"), gone},
      {{"chown", "man:", "f"}, {}, file("13:15"), gone},
      {{"chown", ":adm", "f"}, {}, file("0:4"), gone},
      {{"chown", "77:88", "f"}, {}, file("77:88"), gone},
      {{"chown", "77:", "f"}, {}, file("77:77"), gone},
      {{"chgrp", "adm", "f"}, {}, file("0:4"), gone},
      {{"chown", "man", "l"}, {}, file("13:0"), gone},
      {{"chown", "-h", "man", "l"}, {}, {"l 13:0 l->f"}, {"l 0:0 l->f"}},
      {{"chown", "man", "x"}, {}, {"f 755 13:0 x=X"}, {"f 4755 0:0 x=X"}},
      {{"chown", "-R", "5:6", "d"},
       {},
       {"d 755 5:6 d", "d 755 5:6 d/e", "f 600 5:6 d/g=G"},
       {"d 755 0:0 d", "d 755 0:0 d/e", "f 600 0:0 d/g=G"}},
      {{"chown", "-R", "5:6", "ld"}, {}, {"l 5:6 ld->d"}, {"l 0:0 ld->d"}},
      {{"chown", "-RH", "5:6", "ld"},
       {},
       {"d 755 5:6 d", "d 755 5:6 d/e", "f 600 5:6 d/g=G"},
       {"d 755 0:0 d", "d 755 0:0 d/e", "f 600 0:0 d/g=G"}},
      {{"chown", "none", "f"}, {1, "", "chown: unknown user none\n"}},
      {{"chown", "none:", "f"}, {1, "", "chown: unknown user/group none\n"}},
      {{"chown", "man:none", "f"}, {1, "", "chown: unknown user/group man:none\n"}},
      {{"chown", ":", "f"}, {1, "", "chown: unknown group \n"}},
      {{"chgrp", "none", "f"}, {1, "", "chgrp: unknown group none\n"}},
      {{"chown", "man", "nix"}, {1, "", "chown: nix: No such file or directory\n"}},
  });
}

TEST_CASE("install copies and makes folders with their access") {
  check_all({
      {{"install", "f", "n"}, {}, {"f 755 0:0 n=F"}},
      {{"install", "-m", "600", "-o", "man", "-g", "4", "f", "n"}, {}, {"f 600 13:4 n=F"}},
      {{"install", "-Dm644", "f", "a/b/n"},
       {},
       {"d 755 0:0 a", "d 755 0:0 a/b", "f 644 0:0 a/b/n=F"}},
      {{"install", "-t", "d", "f", "x"}, {}, {"f 755 0:0 d/f=F", "f 755 0:0 d/x=X"}},
      {{"install", "-d", "-m", "1777", "-o", "13", "a/b", "d"},
       {},
       {"d 755 0:0 a", "d 1777 13:0 a/b", "d 1777 13:0 d"},
       {"d 755 0:0 d"}},
      {{"install", "f", "l"}, {}, {"f 755 0:0 l=F"}, {"l 0:0 l->f"}},
      {{"install", "-m", "6755", "-g", "4", "f", "n"}, {}, {"f 6755 0:4 n=F"}},
      {{"install", "d", "n"}, {1, "", "install: omitting directory 'd'\n"}},
      {{"install", "-o", "none", "f", "n"}, {1, "", "install: unknown user none\n"}},
      {{"install", "nix", "n"}, {1, "", "install: can't stat 'nix': No such file or directory\n"}},
      {{"install", "-d", "f"}, {1, "", "install: can't create directory 'f': File exists\n"}},
  });
}

TEST_CASE("nodes are made and touched") {
  check_all({
      {{"touch", "n", "f"}, {}, {"f 644 0:0 n="}},
      {{"touch", "dang"}, {}, {"f 644 0:0 nix="}},
      {{"touch", "-c", "n"}, {}},
      {{"touch", "n/"}, {1, "", "touch: n/: Is a directory\n"}},
      {{"touch", "f/n"}, {1, "", "touch: f/n: Not a directory\n"}},
      {{"touch", "-r", "nix", "f"},
       {1, "", "touch: can't stat 'nix': No such file or directory\n"}},
      {{"mkfifo", "n"}, {}, {"p 644 0:0 n"}},
      {{"mkfifo", "-m", "a=rw", "n"}, {}, {"p 666 0:0 n"}},
      {{"mkfifo", "f"}, {1, "", "mkfifo: f: File exists\n"}},
      {{"mktemp", "-p", "d"}, {0, "d/tmp.AAAAAA\n", ""}, {"f 600 0:0 d/tmp.AAAAAA="}},
      {{"mktemp", "-d", "aXXXXXX"}, {0, "aAAAAAA\n", ""}, {"d 700 0:0 aAAAAAA"}},
      {{"mktemp", "-u", "aXXXXXX"}, {0, "aAAAAAA\n", ""}},
      {{"mktemp"}, {1, "", "mktemp: No such file or directory\n"}},
      {{"mktemp", "-q"}, {1, "", ""}},
      {{"mktemp", "aXXX"}, {1, "", "mktemp: Invalid argument\n"}},
  });
  auto call = sample();
  CHECK(call.run({"mktemp", "d/XXXXXX"}).output == "d/AAAAAA\n");
  CHECK(call.run({"mktemp", "d/XXXXXX"}).output == "d/AAAAAB\n");
  CHECK(call.run({"touch", "-r", "l", "d/n"}) == CallResult{});
  CHECK(call.rootfs.find("d/n")->node->mtime == call.rootfs.find("f")->node->mtime);
  CHECK(call.run({"touch", "f"}) == CallResult{});
  CHECK(call.rootfs.find("f")->node->mtime == 1'000'000'000);
}

TEST_CASE("paths are taken apart and resolved") {
  check_all({
      {{"basename", "/a/b.c", ".c"}, {0, "b\n", ""}},
      {{"basename", ".c", ".c"}, {0, ".c\n", ""}},
      {{"basename", "a/"}, {0, "a\n", ""}},
      {{"basename", "//"}, {0, "/\n", ""}},
      {{"basename", "-s", ".c", "a.c", "x/b.c"}, {0, "a\nb\n", ""}},
      {{"basename", "-a", "x/a", "b"}, {0, "a\nb\n", ""}},
      {{"dirname", "a"}, {0, ".\n", ""}},
      {{"dirname", "/a"}, {0, "/\n", ""}},
      {{"dirname", "a//b//"}, {0, "a\n", ""}},
      {{"dirname", ""}, {0, ".\n", ""}},
      {{"readlink", "l"}, {0, "f\n", ""}},
      {{"readlink", "-n", "l"}, {0, "f", ""}},
      {{"readlink", "f"}, {1, "", ""}},
      {{"readlink", "-f", "ld/g"}, {0, "/d/g\n", ""}},
      {{"readlink", "-f", "dang"}, {0, "/nix\n", ""}},
      {{"readlink", "-f", "./dang/"}, {0, "/dang\n", ""}},
      {{"readlink", "-f", "dang/"}, {1, "", ""}},
      {{"readlink", "-f", "nix"}, {1, "", ""}},
      {{"readlink", "-f", "d/nix"}, {0, "/d/nix\n", ""}},
      {{"readlink", "-f", "nix/x"}, {1, "", ""}},
      {{"realpath", "l", "nix/x", "."},
       {1, "/f\n/\n", "realpath: nix/x: No such file or directory\n"}},
      {{"realpath", "f/"}, {1, "", "realpath: f/: Not a directory\n"}},
  });
}

TEST_CASE("ls and stat show what is there") {
  check_all({
      {{"ls"}, {0, "d\ndang\netc\nf\nl\nld\nx\n", ""}},
      {{"ls", "-a", "d"}, {0, ".\n..\ne\ng\n", ""}},
      {{"ls", "-dF", "x", "f", "d", "l"}, {0, "d/\nf\nl@\nx*\n", ""}},
      {{"ls", "-p", "ld"}, {0, "e/\ng\n", ""}},
      {{"ls", "-1", "f", "d", "d/e"}, {0, "f\n\nd:\ne\ng\n\nd/e:\n", ""}},
      {{"ls", "-R", "d"}, {0, "d:\ne\ng\n\nd/e:\n", ""}},
      {{"ls", "-r", "d"}, {0, "g\ne\n", ""}},
      {{"ls", "dang"}, {1, "", "ls: dang: No such file or directory\n"}},
      {{"ls", "nix", "f"}, {1, "f\n", "ls: nix: No such file or directory\n"}},
      {{"stat", "-c", "%a %A %F %g %G %n %s %u %U", "x"},
       {0, "4755 -rwsr-xr-x regular file 0 root x 1 0 root\n", ""}},
      {{"stat", "-c", "%f %N%%", "l", "f"}, {0, "a1ff 'l' -> 'f'%\n81a4 f%\n", ""}},
      {{"stat", "-Lc", "%F", "l", "d"}, {0, "regular file\ndirectory\n", ""}},
      {{"stat", "-c", "%t,%T", "/dev/null"}, {0, "1,3\n", ""}},
      {{"stat", "-c", "%n", "nix"}, {1, "", "stat: can't stat 'nix': No such file or directory\n"}},
  });
}

TEST_CASE("find tests and acts") {
  check_all({
      {{"find", "d"}, {0, "d\nd/e\nd/g\n", ""}},
      {{"find", "d/", "-depth"}, {0, "d/e\nd/g\nd/\n", ""}},
      {{"find", "ld", "f"}, {0, "ld\nf\n", ""}},
      {{"find", "d", "-mindepth", "1", "-maxdepth", "1", "-type", "d"}, {0, "d/e\n", ""}},
      {{"find", "d", "-name", "[e-g]", "!", "-name", "e"}, {0, "d/g\n", ""}},
      {{"find", ".", "-iname", "X", "-o", "-path", "./d/*"}, {0, "./d/e\n./d/g\n./x\n", ""}},
      {{"find", ".", "-name", "d", "-prune", "-o", "-type", "f", "-not", "-path", "*/etc/*",
        "-print"},
       {0, "./f\n./x\n", ""}},
      {{"find", ".", "-perm", "4755"}, {0, "./x\n", ""}},
      {{"find", "d", "f", "x", "-perm", "-u=s", "-o", "-perm", "600"}, {0, "d/g\nx\n", ""}},
      {{"find", "f", "x", "-perm", "+1"}, {0, "x\n", ""}},
      {{"find", "f", "-user", "root", "-group", "0"}, {0, "f\n", ""}},
      {{"find", "f", "-user", "none"}, {1, "", "find: unknown user none\n"}},
      {{"find", "d", "-empty"}, {0, "d/e\n", ""}},
      {{"find", "f", "x", "-size", "+0c", "-print0"}, {0, std::string("f\0x\0", 4), ""}},
      {{"find", "nix", "f"}, {1, "f\n", "find: nix: No such file or directory\n"}},
      {{"find", "f", "x", "-exec", "echo", "{}:{}", ";", "-print"}, {0, "f:f\nf\nx:x\nx\n", ""}},
      {{"find", "f", "x", "-exec", "false", ";", "-print"}, {}},
      {{"find", "f", "x", "-exec", "echo", "a", "{}", "+"}, {0, "a f x\n", ""}},
      {{"find", "f", "-exec", "false", "{}", "+"}, {1, "", ""}},
      {{"find", "d", "-exec", "chmod", "700", "{}", ";"},
       {},
       {"d 700 0:0 d", "d 700 0:0 d/e", "f 700 0:0 d/g=G"},
       {"d 755 0:0 d", "d 755 0:0 d/e", "f 600 0:0 d/g=G"}},
      {{"find", "d", "-delete"}, {}, {}, {"d 755 0:0 d", "d 755 0:0 d/e", "f 600 0:0 d/g=G"}},
      {{"find", "d", "-type", "d", "-delete"},
       {0, "", "find: d: Directory not empty\n"},
       {},
       {"d 755 0:0 d/e"}},
      {{"find", "d", "(", "-name", "e", "-o", "-name", "g", ")", "-quit"}, {}},
  });
}

TEST_CASE("what cannot be done exactly is told before") {
  struct Refusal {
    std::vector<std::string> arguments;
    const char* reason;
  };
  const std::vector<Refusal> refusals = {
      {{"ls", "-l"}, "option -l"},
      {{"ls", "-C"}, "option -C"},
      {{"stat", "f"}, "without a format"},
      {{"stat", "-c", "%y", "f"}, "format %y"},
      {{"stat", "-c", "%5a", "f"}, "format %5"},
      {{"stat", "-c", "%", "f"}, "format %"},
      {{"touch", "-d", "2020-01-01", "f"}, "option -d"},
      {{"touch", "-t", "202001010000", "f"}, "option -t"},
      {{"install", "-s", "f", "n"}, "option -s"},
      {{"cp", "-u", "f", "n"}, "option -u"},
      {{"cp", "-i", "f", "n"}, "option -i"},
      {{"mv", "-i", "f", "n"}, "option -i"},
      {{"rm", "-i", "f"}, "option -i"},
      {{"ln", "-b", "f", "n"}, "option -b"},
      {{"chmod", "--reference=f", "x"}, "option --reference"},
      {{"find", ".", "-newer", "f"}, "-newer"},
      {{"find", ".", "-mtime", "+1"}, "-mtime"},
      {{"find", ".", "-size", "+1k"}, "-size +1k"},
      {{"find", ".", "-exec", "nosuch", ";"}, "-exec nosuch"},
      {{"find", ".", "-exec", "ls", "-l", "{}", ";"}, "-exec ls: option -l"},
      {{"find", ".", "-exec", "echo"}, "-exec without its end"},
      {{"find", ".", "("}, "an operand of its expression is missing"},
      {{"find", ".", "-type", "x"}, "-type x"},
      {{"find", "-L", "."}, "-L"},
      {{"rmdir", "-i", "d"}, "option -i"},
  };
  for (const auto& test : refusals) {
    CAPTURE(test.arguments);
    CHECK(test::CommandCall::unsupported(test.arguments) == test.reason);
    auto call = sample();
    CHECK_THROWS_AS(call.run(test.arguments), NotNative);
  }
  auto call = sample();
  CHECK_THROWS_AS(call.run({"rm", "-rf", "/"}), NotNative);
  CHECK_THROWS_AS(call.run({"mkdir"}), NotNative);
  CHECK_THROWS_AS(call.run({"stat", "-c", "%s", "d"}), NotNative);
  CHECK_THROWS_AS(call.run({"ls", "-L"}), NotNative);
}

TEST_CASE("find does not judge what it does not know yet") {
  const Command* const find = find_command("find");
  using Known = std::optional<std::string>;
  const std::vector<Known> folder = {"find",  std::nullopt, "-name",      std::nullopt,
                                     "-exec", "rm",         std::nullopt, ";"};
  CHECK(!find->unsupported(folder));
  const std::vector<Known> option = {"find", std::nullopt, "-newer", "f"};
  CHECK(find->unsupported(option) == "-newer");
  const std::vector<Known> words = {"find", ".", "-print", std::nullopt};
  CHECK(!find->unsupported(words));
}

}  // namespace
}  // namespace tarn::builder
