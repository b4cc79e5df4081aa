#include "builder/scripts/script_rootfs.h"

#include <array>
#include <cerrno>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "unit/scripts/tree_text.h"

namespace tarn::builder {
namespace {

using test::tree_text;
using Follow = ScriptRootfs::Follow;
using Writing = ScriptRootfs::Writing;

constexpr std::int64_t now = 1'700'000'000;

void put_link(Rootfs& rootfs, const std::string& path, const std::string& target) {
  auto node = std::make_shared<Node>();
  node->type = NodeType::symlink;
  node->mode = 0777;
  node->target = target;
  rootfs.put(path, Entry{node, Owner{2}});
}

/// A small tree with each kind of entry that matters.
Rootfs sample() {
  Rootfs rootfs;
  rootfs.make_directories("etc/init.d", Owner{0});
  rootfs.make_directories("usr/bin", Owner{1});
  rootfs.make_directories("empty", Owner{1});
  rootfs.make_directories("shared", Owner{1}).node->mode = 02775;
  rootfs.find("shared")->node->gid = 55;
  rootfs.write_file("etc/passwd", "root:x:0:0\n", Owner{0}, 0644);
  rootfs.write_file("usr/bin/tool", "tool", Owner{1}, 06755);
  rootfs.find("usr/bin/tool")->node->xattrs["security.capability"] = "cap";
  rootfs.put("usr/bin/same-tool", Entry{rootfs.find("usr/bin/tool")->node, Owner{1}});
  put_link(rootfs, "bin", "usr/bin");
  put_link(rootfs, "etc/dangling", "made-through-it");
  put_link(rootfs, "loop", "loop");
  put_link(rootfs, "etc/absolute", "/usr/../etc/passwd");
  put_link(rootfs, "null", "/dev/null");
  return rootfs;
}

struct Case {
  const char* what;
  std::function<int(ScriptRootfs&)> act;
  int expected;
  std::vector<std::string> there = {};   ///< paths that are there afterwards
  std::vector<std::string> absent = {};  ///< and that are not
};

const std::string long_name(256, 'n');
const std::string long_path = "/" + std::string(4095, '/') + "etc";

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"write",
       [](auto& f) { return f.write("/etc/new", "x", Writing::truncate, 0600); },
       0,
       {"etc/new"}},
      {"write relative",
       [](auto& f) { return f.write("etc/new", "x", Writing::append, 0600); },
       0,
       {"etc/new"}},
      {"write up from the root",
       [](auto& f) { return f.write("/../../etc/../../new", "x", Writing::append, 0600); },
       0,
       {"new"}},
      {"write through a dangling link",
       [](auto& f) { return f.write("/etc/dangling", "x", Writing::truncate, 0600); },
       0,
       {"etc/made-through-it", "etc/dangling"}},
      {"exclusive through a dangling link",
       [](auto& f) { return f.write("/etc/dangling", "x", Writing::exclusive, 0600); },
       EEXIST,
       {},
       {"etc/made-through-it"}},
      {"exclusive",
       [](auto& f) { return f.write("/etc/new", "x", Writing::exclusive, 0600); },
       0,
       {"etc/new"}},
      {"write a directory", [](auto& f) { return f.write("/etc", "x", Writing::truncate, 0600); },
       EISDIR},
      {"write with a slash",
       [](auto& f) { return f.write("/etc/new/", "x", Writing::truncate, 0600); }, EISDIR},
      {"write below a file",
       [](auto& f) { return f.write("/etc/passwd/x", "x", Writing::truncate, 0600); }, ENOTDIR},
      {"write below nothing",
       [](auto& f) { return f.write("/none/x", "x", Writing::truncate, 0600); }, ENOENT},
      {"write to a loop", [](auto& f) { return f.write("/loop", "x", Writing::truncate, 0600); },
       ELOOP},
      {"write nothing's name", [](auto& f) { return f.write("", "x", Writing::truncate, 0600); },
       ENOENT},
      {"write a long name",
       [](auto& f) { return f.write("/" + long_name, "x", Writing::truncate, 0600); },
       ENAMETOOLONG},
      {"write a long path", [](auto& f) { return f.write(long_path, "x", Writing::append, 0600); },
       ENAMETOOLONG},
      {"write /dev/null",
       [](auto& f) { return f.write("/dev/null", "x", Writing::truncate, 0600); },
       0,
       {},
       {"dev"}},
      {"write /dev/null through a link",
       [](auto& f) { return f.write("/null", "x", Writing::truncate, 0600); },
       0,
       {"null"},
       {"dev"}},
      {"write /dev/zero",
       [](auto& f) { return f.write("/dev/zero", "x", Writing::truncate, 0600); }, ENOENT},
      {"mkdir", [](auto& f) { return f.make_directory("/a", 0755); }, 0, {"a"}},
      {"mkdir with a slash", [](auto& f) { return f.make_directory("/a/", 0755); }, 0, {"a"}},
      {"mkdir again", [](auto& f) { return f.make_directory("/etc", 0755); }, EEXIST},
      {"mkdir dot", [](auto& f) { return f.make_directory("/etc/.", 0755); }, EEXIST},
      {"mkdir root", [](auto& f) { return f.make_directory("/", 0755); }, EEXIST},
      {"mkdir at a link", [](auto& f) { return f.make_directory("/etc/dangling", 0755); }, EEXIST},
      {"mkdir deep", [](auto& f) { return f.make_directory("/a/b", 0755); }, ENOENT},
      {"mkdir in a link",
       [](auto& f) { return f.make_directory("/bin/b", 0755); },
       0,
       {"usr/bin/b"}},
      {"mkfifo", [](auto& f) { return f.make_fifo("/a", 0644); }, 0, {"a"}},
      {"symlink", [](auto& f) { return f.make_symlink("x", "/a"); }, 0, {"a"}},
      {"symlink there", [](auto& f) { return f.make_symlink("x", "/loop"); }, EEXIST},
      {"symlink to nothing", [](auto& f) { return f.make_symlink("", "/a"); }, ENOENT},
      {"link", [](auto& f) { return f.make_link("/bin/tool", "/a"); }, 0, {"a"}},
      {"link to a link", [](auto& f) { return f.make_link("/loop", "/a"); }, 0, {"a"}},
      {"link to a directory", [](auto& f) { return f.make_link("/etc", "/a"); }, EPERM},
      {"link to nothing", [](auto& f) { return f.make_link("/none", "/a"); }, ENOENT},
      {"link there", [](auto& f) { return f.make_link("/bin/tool", "/loop"); }, EEXIST},
      {"unlink", [](auto& f) { return f.remove_file("/etc/passwd"); }, 0, {}, {"etc/passwd"}},
      {"unlink a link", [](auto& f) { return f.remove_file("/bin"); }, 0, {"usr/bin"}, {"bin"}},
      {"unlink a link with a slash", [](auto& f) { return f.remove_file("/bin/"); }, ENOTDIR},
      {"unlink a directory", [](auto& f) { return f.remove_file("/empty"); }, EISDIR},
      {"unlink nothing", [](auto& f) { return f.remove_file("/none"); }, ENOENT},
      {"unlink /dev/null", [](auto& f) { return f.remove_file("/dev/null"); }, ENOENT},
      {"rmdir", [](auto& f) { return f.remove_directory("/empty/"); }, 0, {}, {"empty"}},
      {"rmdir of a full one", [](auto& f) { return f.remove_directory("/usr"); }, ENOTEMPTY},
      {"rmdir of a file", [](auto& f) { return f.remove_directory("/etc/passwd"); }, ENOTDIR},
      {"rmdir of a link", [](auto& f) { return f.remove_directory("/bin/"); }, ENOTDIR},
      {"rmdir dot", [](auto& f) { return f.remove_directory("/empty/."); }, EINVAL},
      {"rmdir up", [](auto& f) { return f.remove_directory("/empty/.."); }, ENOTEMPTY},
      {"rmdir root", [](auto& f) { return f.remove_directory("/"); }, EBUSY},
      {"rename", [](auto& f) { return f.rename("/etc/passwd", "/p"); }, 0, {"p"}, {"etc/passwd"}},
      {"rename over",
       [](auto& f) { return f.rename("/etc/passwd", "/loop"); },
       0,
       {"loop"},
       {"etc/passwd"}},
      {"rename a link", [](auto& f) { return f.rename("/loop", "/l"); }, 0, {"l"}, {"loop"}},
      {"rename a directory",
       [](auto& f) { return f.rename("/etc", "/usr/etc"); },
       0,
       {"usr/etc/init.d"},
       {"etc"}},
      {"rename a directory over an empty one",
       [](auto& f) { return f.rename("/etc", "/empty"); },
       0,
       {"empty/passwd"},
       {"etc"}},
      {"rename a directory over a full one", [](auto& f) { return f.rename("/empty", "/etc"); },
       ENOTEMPTY},
      {"rename a directory over a file", [](auto& f) { return f.rename("/empty", "/etc/passwd"); },
       ENOTDIR},
      {"rename a file over a directory", [](auto& f) { return f.rename("/etc/passwd", "/empty"); },
       EISDIR},
      {"rename into itself", [](auto& f) { return f.rename("/etc", "/etc/init.d/x"); }, EINVAL},
      {"rename onto a parent", [](auto& f) { return f.rename("/etc/init.d", "/etc"); }, ENOTEMPTY},
      {"rename to itself", [](auto& f) { return f.rename("/etc", "/etc"); }, 0, {"etc/passwd"}},
      {"rename to the other name",
       [](auto& f) { return f.rename("/bin/tool", "/bin/same-tool"); },
       0,
       {"usr/bin/tool", "usr/bin/same-tool"}},
      {"rename nothing", [](auto& f) { return f.rename("/none", "/x"); }, ENOENT},
      {"rename a file with a slash", [](auto& f) { return f.rename("/etc/passwd", "/x/"); },
       ENOTDIR},
      {"rename root", [](auto& f) { return f.rename("/", "/x"); }, EBUSY},
      {"chmod nothing", [](auto& f) { return f.set_mode("/none", 0700); }, ENOENT},
      {"chmod a loop", [](auto& f) { return f.set_mode("/loop", 0700); }, ELOOP},
      {"chown a loop", [](auto& f) { return f.set_owner("/loop", 1, 1, Follow::not_last); }, 0},
      {"chown a loop's end", [](auto& f) { return f.set_owner("/loop", 1, 1, Follow::last); },
       ELOOP},
      {"touch nothing", [](auto& f) { return f.set_mtime("/none", 1); }, ENOENT},
  };
  return all;
}

TEST_CASE("calls on a script's rootfs give Linux' errors, and what they did is taken back") {
  for (const auto& test : cases()) {
    CAPTURE(test.what);
    Rootfs rootfs = sample();
    const std::string before = tree_text(rootfs);
    ScriptRootfs files(rootfs, now);
    CHECK(test.act(files) == test.expected);
    for (const auto& path : test.there) CHECK_MESSAGE(rootfs.find(path) != nullptr, path);
    for (const auto& path : test.absent) CHECK_MESSAGE(rootfs.find(path) == nullptr, path);
    if (test.expected != 0) CHECK(tree_text(rootfs) == before);
    files.undo();
    CHECK(tree_text(rootfs) == before);
  }
}

TEST_CASE("paths lead through links and stay inside") {
  Rootfs rootfs = sample();
  const ScriptRootfs files(rootfs, now);
  struct PathCase {
    const char* path;
    Follow follow;
    int problem;
    const char* real;
  };
  const std::vector<PathCase> table = {
      {"/", Follow::last, 0, "/"},
      {"", Follow::last, ENOENT, ""},
      {"/etc/", Follow::last, 0, "/etc"},
      {"/etc/passwd/", Follow::last, ENOTDIR, ""},
      {"/etc/passwd/.", Follow::not_last, ENOTDIR, ""},
      {"/etc/passwd/..", Follow::not_last, ENOTDIR, ""},
      {"/bin/tool", Follow::not_last, 0, "/usr/bin/tool"},
      {"/bin/..", Follow::not_last, 0, "/usr"},
      {"/etc/absolute", Follow::last, 0, "/etc/passwd"},
      {"/etc/dangling", Follow::not_last, 0, "/etc/made-through-it"},
      {"/etc/dangling", Follow::last, ENOENT, "/etc/made-through-it"},
      {"/none/x", Follow::last, ENOENT, ""},
      {"/loop/x", Follow::not_last, ELOOP, ""},
      {"/dev/null", Follow::last, 0, "/dev/null"},
      {"/null", Follow::last, 0, "/dev/null"},
      {"/dev", Follow::last, ENOENT, "/dev"},
      {"/dev/zero", Follow::last, ENOENT, ""},
      {"../../bin", Follow::last, 0, "/usr/bin"},
  };
  for (const auto& test : table) {
    CAPTURE(test.path);
    int problem = -1;
    const Entry* const entry = files.find(test.path, test.follow, &problem);
    CHECK(problem == test.problem);
    CHECK((entry != nullptr) == (test.problem == 0));
    CHECK(files.real_path(test.path) == test.real);
  }
  CHECK(files.find("/dev/null", Follow::last)->node->type == NodeType::character_device);
}

TEST_CASE("texts are read, written and appended to; a file keeps what it is") {
  Rootfs rootfs = sample();
  const std::string before = tree_text(rootfs);
  ScriptRootfs files(rootfs, now);
  std::string text;
  CHECK(files.read("/etc/absolute", text) == 0);
  CHECK(text == "root:x:0:0\n");
  CHECK(files.read("/etc", text) == EISDIR);
  CHECK(files.read("/none", text) == ENOENT);
  CHECK(files.read("/null", text) == 0);
  CHECK(text.empty());

  CHECK(files.write("/bin/tool", " box", Writing::append, 0600) == 0);
  for (int line = 0; line < 3; ++line) files.write("/bin/tool", "!", Writing::append, 0600);
  const Entry* const tool = files.find("/usr/bin/same-tool", Follow::last);
  CHECK(tool->node->content.read() == "tool box!!!");
  CHECK(tool->node->mode == 06755);
  CHECK(tool->node->mtime == now);
  CHECK(tool->node->xattrs.empty());
  CHECK(tool->owner.value == 1);
  // A copy keeps its text when the first one grows on.
  CHECK(files.write_content("/copy", tool->node->content, Writing::truncate, 0640) == 0);
  CHECK(files.write("/bin/tool", "?", Writing::append, 0600) == 0);
  CHECK(files.write("/copy", "#", Writing::append, 0600) == 0);
  CHECK(files.read("/copy", text) == 0);
  CHECK(text == "tool box!!!#");
  CHECK(files.read("/bin/tool", text) == 0);
  CHECK(text == "tool box!!!?");
  CHECK(files.find("/copy", Follow::last)->node->mode == 0640);
  CHECK(files.find("/copy", Follow::last)->owner.value == Owner::generated);
  CHECK(files.find("/copy", Follow::last)->node->mtime == now);
  files.undo();
  CHECK(tree_text(rootfs) == before);
}

TEST_CASE("modes and owners follow Linux' rules") {
  Rootfs rootfs = sample();
  ScriptRootfs files(rootfs, now);
  CHECK(files.make_directory("/shared/d", 0755) == 0);
  CHECK(files.find("/shared/d", Follow::last)->node->mode == 02755);
  CHECK(files.find("/shared/d", Follow::last)->node->gid == 55);
  CHECK(files.write("/shared/f", "", Writing::truncate, 0644) == 0);
  CHECK(files.find("/shared/f", Follow::last)->node->mode == 0644);
  CHECK(files.find("/shared/f", Follow::last)->node->gid == 55);

  CHECK(files.set_owner("/bin/tool", 7, ScriptRootfs::same_owner, Follow::last) == 0);
  const Node& tool = *files.find("/bin/tool", Follow::last)->node;
  CHECK(tool.uid == 7);
  CHECK(tool.gid == 0);
  CHECK(tool.mode == 0755);
  CHECK(tool.xattrs.empty());
  CHECK(files.set_owner("/shared", ScriptRootfs::same_owner, 8, Follow::last) == 0);
  CHECK(files.find("/shared", Follow::last)->node->mode == 02775);
  CHECK(files.set_mode("/bin/tool", 04711) == 0);
  CHECK(tool.mode == 04711);
  CHECK(files.set_mtime("/bin/tool", 5) == 0);
  CHECK(tool.mtime == 5);
}

TEST_CASE("no tree gets deeper than a path can be long") {
  Rootfs rootfs;
  const std::string before = tree_text(rootfs);
  ScriptRootfs files(rootfs, now);
  const std::string part = "/" + std::string(200, 'd');
  std::string path;
  for (int level = 0; level < 20; ++level) {
    path += part;
    REQUIRE(files.make_directory(path, 0755) == 0);
  }
  CHECK(files.make_directory(path + part, 0755) == ENAMETOOLONG);
  CHECK(files.make_symlink(path, "/deep") == 0);
  CHECK(files.make_directory("/deep" + part, 0755) == ENAMETOOLONG);
  CHECK(files.make_directory("/top", 0755) == 0);
  CHECK(files.make_directory("/top" + part, 0755) == 0);
  CHECK(files.rename("/top", "/deep/top") == ENAMETOOLONG);
  CHECK(files.rename(part, "/top" + part + "/" + std::string(100, 'x')) == ENAMETOOLONG);
  files.undo();
  CHECK(tree_text(rootfs) == before);
}

/// Does one random thing.
void act_randomly(ScriptRootfs& files, std::mt19937& random) {
  static constexpr std::array<const char*, 6> names = {"a", "b", "c", "bin", "etc", "usr"};
  const auto pick = [&](std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
  };
  const auto path = [&] {
    std::string text;
    for (std::uint32_t parts = 1 + pick(3); parts > 0; --parts)
      text += std::string("/") + names[pick(names.size())];
    return text;
  };
  switch (pick(12)) {
    case 0:
      files.write(path(), std::string(pick(9), 'x'), Writing::truncate, 0644);
      break;
    case 1:
      files.write(path(), "more", Writing::append, 0600);
      break;
    case 2:
      files.write(path(), "new", Writing::exclusive, 0600);
      break;
    case 3:
      files.make_directory(path(), pick(2) == 0 ? 02755 : 0755);
      break;
    case 4:
      files.make_symlink(pick(2) == 0 ? path() : "../" + path(), path());
      break;
    case 5:
      files.make_link(path(), path());
      break;
    case 6:
      files.remove_file(path());
      break;
    case 7:
      files.remove_directory(path());
      break;
    case 8:
      files.rename(path(), path());
      break;
    case 9:
      files.set_mode(path(), pick(010000));
      break;
    case 10:
      files.set_owner(path(), pick(9), pick(9), Follow::last);
      break;
    default:
      files.set_mtime(path(), pick(99));
      break;
  }
}

TEST_CASE("whatever was done is taken back") {
  std::mt19937 random(4711);
  std::size_t changed = 0;
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    Rootfs rootfs = sample();
    const std::string before = tree_text(rootfs);
    {
      ScriptRootfs files(rootfs, now);
      for (int step = 0; step < 80; ++step) act_randomly(files, random);
      if (tree_text(rootfs) != before) ++changed;
      files.undo();
      REQUIRE(tree_text(rootfs) == before);
      // It can be used on.
      for (int step = 0; step < 20; ++step) act_randomly(files, random);
      files.undo();
    }
    REQUIRE(tree_text(rootfs) == before);
  }
  CHECK(changed > 290);
}

}  // namespace
}  // namespace tarn::builder
