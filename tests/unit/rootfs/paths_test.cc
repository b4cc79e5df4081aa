#include "builder/rootfs/paths.h"

#include <doctest/doctest.h>

#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {
namespace {

using test::access_of;
using test::at_line;
using test::error_of;
using test::node_at;
using test::put_symlink;

Rootfs sample() {
  Rootfs rootfs;
  rootfs.write_file("usr/bin/tool", "tool", Owner{0}, 0755);
  rootfs.make_directories("var/lib/app", Owner{0});
  node_at(rootfs, "var/lib/app").mode = 02750;
  node_at(rootfs, "var/lib/app").gid = 7;
  rootfs.write_file("var/lib/app/data", "data", Owner{0}, 0600);
  rootfs.make_directories("var/lib/app/sub", Owner{0});
  put_symlink(rootfs, "bin", "usr/bin");
  put_symlink(rootfs, "var/lib/app/away", "/usr/bin/tool");
  put_symlink(rootfs, "dangling", "nowhere/at/all");
  return rootfs;
}

PathEntry entry(PathType type, std::string path, std::string source = "") {
  PathEntry made;
  made.type = type;
  made.path = std::move(path);
  made.source = std::move(source);
  made.position = at_line(9);
  return made;
}

void apply(Rootfs& rootfs, const PathEntry& made) {
  apply_paths(rootfs, {made});
}

}  // namespace

TEST_CASE("paths: directories") {
  Rootfs rootfs = sample();
  apply(rootfs, entry(PathType::directory, "/srv/a/b/"));
  CHECK(access_of(node_at(rootfs, "srv/a/b")) == "0755 0:0");
  CHECK(rootfs.find("srv")->owner == Owner{});

  auto owned = entry(PathType::directory, "opt/x");
  owned.uid = 5;
  owned.permissions = 01777;
  apply(rootfs, owned);
  CHECK(access_of(node_at(rootfs, "opt/x")) == "1777 5:0");
  CHECK(access_of(node_at(rootfs, "opt")) == "0755 0:0");

  auto there = entry(PathType::directory, "/var/lib/app");
  apply(rootfs, there);
  CHECK(access_of(node_at(rootfs, "var/lib/app")) == "2750 0:7");
  there.uid = 9;
  apply(rootfs, there);
  CHECK(access_of(node_at(rootfs, "var/lib/app")) == "2750 9:7");
  CHECK(rootfs.find("var/lib/app/data") != nullptr);

  apply(rootfs, entry(PathType::directory, "/bin/new"));
  CHECK(rootfs.find("usr/bin/new") != nullptr);
  auto root = entry(PathType::directory, "/");
  root.permissions = 0750;
  apply(rootfs, root);
  CHECK(rootfs.root().mode == 0750);
}

TEST_CASE("paths: recursive, with links that keep to themselves") {
  for (const auto type : {PathType::directory, PathType::permissions}) {
    Rootfs rootfs = sample();
    auto made = entry(type, "/var/lib/app/");
    made.recursive = true;
    made.uid = 5;
    made.permissions = 0700;
    apply(rootfs, made);
    CHECK(access_of(node_at(rootfs, "var/lib/app")) == "0700 5:7");
    CHECK(access_of(node_at(rootfs, "var/lib/app/data")) == "0700 5:0");
    CHECK(access_of(node_at(rootfs, "var/lib/app/sub")) == "0700 5:0");
    CHECK(access_of(node_at(rootfs, "var/lib/app/away")) == "0777 5:0");
    CHECK(access_of(node_at(rootfs, "usr/bin/tool")) == "0755 0:0");
    CHECK(access_of(node_at(rootfs, "var/lib")) == "0755 0:0");
  }
}

TEST_CASE("paths: not recursive, the directory alone") {
  Rootfs rootfs = sample();
  auto made = entry(PathType::permissions, "/var/lib/app");
  made.gid = 5;
  apply(rootfs, made);
  CHECK(access_of(node_at(rootfs, "var/lib/app")) == "2750 0:5");
  CHECK(access_of(node_at(rootfs, "var/lib/app/data")) == "0600 0:0");
}

TEST_CASE("paths: empty files") {
  Rootfs rootfs = sample();
  apply(rootfs, entry(PathType::empty_file, "/var/log/app.log"));
  CHECK(access_of(node_at(rootfs, "var/log/app.log")) == "0644 0:0");
  CHECK(rootfs.read_file("var/log/app.log") == "");
  auto made = entry(PathType::empty_file, "/var/lib/app/data");
  made.gid = 3;
  apply(rootfs, made);
  CHECK(rootfs.read_file("var/lib/app/data") == "");
  CHECK(access_of(node_at(rootfs, "var/lib/app/data")) == "0600 0:3");
  apply(rootfs, entry(PathType::empty_file, "/bin/empty/"));
  CHECK(rootfs.read_file("usr/bin/empty") == "");
}

TEST_CASE("paths: hard links") {
  Rootfs rootfs = sample();
  auto made = entry(PathType::hardlink, "/usr/local/bin/tool", "/bin/tool");
  made.permissions = 0700;
  apply(rootfs, made);
  CHECK(rootfs.find("usr/local/bin/tool")->node == rootfs.find("usr/bin/tool")->node);
  CHECK(access_of(node_at(rootfs, "usr/bin/tool")) == "0700 0:0");
  apply(rootfs, entry(PathType::hardlink, "/dangling", "usr/bin/tool"));
  CHECK(rootfs.find("dangling")->node == rootfs.find("usr/bin/tool")->node);
}

TEST_CASE("paths: symbolic links never change what they lead to") {
  Rootfs rootfs = sample();
  auto made = entry(PathType::symlink, "/usr/local/bin/tool", "/usr/bin/tool");
  apply(rootfs, made);
  CHECK(access_of(node_at(rootfs, "usr/local/bin/tool")) == "0777 0:0");
  made.permissions = 0;
  made.uid = 4;
  apply(rootfs, made);
  CHECK(access_of(node_at(rootfs, "usr/local/bin/tool")) == "0777 4:0");
  CHECK(access_of(node_at(rootfs, "usr/bin/tool")) == "0755 0:0");
  apply(rootfs, entry(PathType::symlink, "/x/gone", "../not/there"));
  CHECK(node_at(rootfs, "x/gone").target == "../not/there");
  apply(rootfs, entry(PathType::symlink, "/var/lib/app/sub/", "data"));
  CHECK(node_at(rootfs, "var/lib/app/sub").target == "data");
  apply(rootfs, entry(PathType::symlink, "/bin", "sbin"));
  CHECK(node_at(rootfs, "bin").target == "sbin");
}

TEST_CASE("paths: permissions") {
  Rootfs rootfs = sample();
  auto made = entry(PathType::permissions, "/bin/tool");
  made.permissions = 04755;
  apply(rootfs, made);
  CHECK(access_of(node_at(rootfs, "usr/bin/tool")) == "4755 0:0");
  made.permissions.reset();
  made.uid = 8;
  apply(rootfs, made);
  CHECK(access_of(node_at(rootfs, "usr/bin/tool")) == "4755 8:0");
  CHECK(rootfs.find("usr/bin/tool")->owner == Owner{0});
  auto dangling = entry(PathType::permissions, "/dangling");
  dangling.permissions = 0600;
  dangling.gid = 3;
  apply(rootfs, dangling);
  CHECK(access_of(node_at(rootfs, "dangling")) == "0777 0:3");
}

TEST_CASE("paths: in their order") {
  Rootfs rootfs;
  apply_paths(rootfs, {entry(PathType::directory, "/a"), entry(PathType::empty_file, "/a/b"),
                       entry(PathType::hardlink, "/a/c", "/a/b")});
  CHECK(rootfs.find("a/c")->node == rootfs.find("a/b")->node);
}

TEST_CASE("paths: errors name the place") {
  struct Case {
    PathEntry entry;
    std::string message;
  };
  for (const auto& row : std::vector<Case>{
           {entry(PathType::permissions, "/none/"),
            "permissions of '/none': there is no such path"},
           {entry(PathType::directory, "/usr/bin/tool"),
            "'/usr/bin/tool' is there and is no directory"},
           {entry(PathType::hardlink, "/x", "/none"),
            "hardlink '/x': there is no '/none' to link to"},
           {entry(PathType::hardlink, "/x", "/usr"), "hardlink '/x': '/usr' is a directory"},
           {entry(PathType::hardlink, "/x", "/dangling"),
            "hardlink '/x': there is no '/dangling' to link to"},
           {entry(PathType::symlink, "/x", ""), "symlink '/x' without a source"},
           {entry(PathType::symlink, "/usr", "x"),
            "'/usr' is a directory that is not empty: no link can replace it"},
           {entry(PathType::symlink, "/", "x"), "the root directory can be nothing else"},
           {entry(PathType::empty_file, ""), "the root directory can be nothing else"},
       }) {
    CAPTURE(row.message);
    Rootfs rootfs = sample();
    const auto error = error_of([&] { apply(rootfs, row.entry); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message() == "recipe.yaml:9:3: " + row.message);
  }
  for (const auto& row :
       {entry(PathType::directory, "/usr/bin/tool/x"), entry(PathType::empty_file, "/usr"),
        entry(PathType::directory, "/dangling"), entry(PathType::symlink, "/usr/bin/tool/x", "y"),
        entry(PathType::empty_file, "/usr/..")}) {
    CAPTURE(row.path);
    Rootfs rootfs = sample();
    const auto error = error_of([&] { apply(rootfs, row); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().starts_with("recipe.yaml:9:3: "));
  }
}

}  // namespace tarn::builder
