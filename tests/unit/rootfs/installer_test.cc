#include "builder/rootfs/installer.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "apk/support/error.h"
#include "unit/rootfs/synthetic.h"

using tarn::Error;
using namespace tarn::builder;
using tarn::apk::EntryType;
using tarn::apk::InstalledDirectory;
using tarn::apk::InstalledFile;
using tarn::test::SyntheticPackage;

namespace {

/// A rootfs and what was installed into it.
struct Root {
  Rootfs rootfs;
  Installer installer{rootfs};

  explicit Root(const std::vector<SyntheticPackage>& packages = {}) {
    for (const SyntheticPackage& package : packages) installer.install(package.get());
  }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  const Node& at(const std::string& path) const {
    const Entry* entry = rootfs.find(path);
    REQUIRE_MESSAGE(entry != nullptr, path);
    return *entry->node;
  }
  std::int32_t owner(const std::string& path) const { return rootfs.find(path)->owner.value; }

  /// What the database lists of a package: "dir/ file:mode …".
  std::string listed(std::size_t package) const {
    std::string text;
    for (const InstalledDirectory& directory : installer.packages()[package].directories) {
      text += fmt::format("{}/", directory.path);
      if (directory.access.mode != 0755) text += fmt::format(":{:o}", directory.access.mode);
      for (const InstalledFile& file : directory.files) text += " " + file.name;
      text += "; ";
    }
    return text;
  }
};

Entry skeleton(NodeType type, std::uint32_t mode, std::string target = {}) {
  auto node = std::make_shared<Node>();
  node->type = type;
  node->mode = mode;
  node->target = std::move(target);
  return Entry{std::move(node), Owner{Owner::skeleton}};
}

/// The error of installing `added` over `first`.
Error error_of(const SyntheticPackage& first, const SyntheticPackage& added) {
  Root root({first});
  try {
    root.installer.install(added.get());
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  return Error(tarn::ErrorKind::failed, "");
}

}  // namespace

TEST_CASE("installer: every type of node") {
  SyntheticPackage package("all");
  package.directory("usr").directory("usr/bin", 02755);
  package.file("usr/bin/a", "hello", 04755);
  package.last().xattrs = {{"security.capability", "cap"}};
  package.hard_link("usr/bin/b", "usr/bin/a", 04755);
  package.symlink("usr/bin/c", "../../x");
  package.file("usr/bin/d", "");
  package.last().type = EntryType::character_device;
  package.last().device_major = 1;
  package.last().device_minor = 3;
  package.last().checksum.reset();
  package.file("usr/bin/e", "");
  package.last().type = EntryType::fifo;
  package.last().checksum.reset();
  package.file("top", "");
  const Root root({package});

  CHECK(root.at("usr/bin").mode == 02755);
  CHECK(root.at("usr/bin/a").mode == 04755);
  CHECK(root.at("usr/bin/a").mtime == 1000);
  CHECK(root.at("usr/bin/a").xattrs.at("security.capability") == "cap");
  CHECK(root.rootfs.read_file("usr/bin/b") == "hello");
  CHECK(&root.at("usr/bin/a") == &root.at("usr/bin/b"));
  CHECK(root.at("usr/bin/c").target == "../../x");
  CHECK(root.at("usr/bin/d").type == NodeType::character_device);
  CHECK(root.at("usr/bin/d").device_minor == 3);
  CHECK(root.at("usr/bin/e").type == NodeType::fifo);
  CHECK(root.rootfs.read_file("top") == "");
  CHECK(root.owner("usr/bin/b") == 0);
  CHECK(root.listed(0) == "usr/; usr/bin/:2755 a b c d e; / top; ");

  const auto& files = root.installer.packages()[0].directories[1].files;
  CHECK(files[0].checksum == tarn::sha1(std::string_view("hello")));
  CHECK(files[0].access.xattrs.has_value());
  CHECK(files[1].checksum == files[0].checksum);  // a hard link inherits it
  CHECK_FALSE(files[3].checksum.has_value());
}

TEST_CASE("installer: a hard link needs an earlier file of its own package") {
  const auto error =
      error_of(SyntheticPackage("a").file("x", "1"), SyntheticPackage("b").hard_link("y", "x"));
  CHECK(error.message() == "'y' is a hard link to 'x', which is no earlier file of the package");
  CHECK(error.contexts() == std::vector<std::string>{"unpacking b-1.0-r0"});
}

TEST_CASE("installer: missing parents are made, extended attributes of directories only recorded") {
  SyntheticPackage package("a");
  package.file("srv/deep/file", "x").directory("opt/dir", 0700);
  package.last().xattrs = {{"user.x", "y"}};
  const Root root({package});
  CHECK(root.at("srv").mode == 0755);
  CHECK(root.at("srv/deep").mode == 0755);
  CHECK(root.at("opt").mode == 0755);
  CHECK(root.at("opt/dir").mode == 0700);
  CHECK(root.at("opt/dir").xattrs.empty());
  CHECK(root.installer.packages()[0].directories[1].access.xattrs.has_value());
  CHECK(root.listed(0) == "srv/deep/ file; opt/dir/:700; ");
}

TEST_CASE("installer: names of owners as the rootfs has them when the package begins") {
  Root root;
  const auto install = [&root](SyntheticPackage package) {
    root.installer.install(package.get());
    return root.installer.packages().back();
  };
  // The first package brings the names itself: they are not there yet.
  SyntheticPackage base("base");
  base.directory("etc")
      .file("etc/passwd", "root:x:5:5\nsvc:x:100:101:,,,:/:/bin/sh\nbad:x:no:1\nsvc:x:9:9\n")
      .file("etc/group", "root:x:5:\nweb:x:82:svc\n")
      .owned_by("svc", 7, "web", 8);
  install(base);
  CHECK(root.at("etc/group").uid == 7);
  CHECK(root.at("etc/group").gid == 8);

  SyntheticPackage second("second");
  second.directory("var").owned_by("svc", 1, "web", 2);
  second.file("var/known", "").owned_by("svc", 1, "web", 2);
  second.file("var/unknown", "").owned_by("bad", 1000, "nobody", 1001);
  second.file("var/root", "").owned_by("root", 1000, "root", 1001);
  second.file("var/none", "").owned_by("", 1000, "", 1001);
  const auto record = install(second);
  CHECK(root.at("var").uid == 100);
  CHECK(root.at("var").gid == 82);
  CHECK(root.at("var/known").uid == 100);
  CHECK(root.at("var/unknown").uid == 1000);
  CHECK(root.at("var/unknown").gid == 1001);
  CHECK(root.at("var/root").uid == 0);
  CHECK(root.at("var/root").gid == 0);
  CHECK(root.at("var/none").uid == 1000);
  CHECK(record.directories[0].access.gid == 82);  // the numbers are what the database keeps
  CHECK(record.directories[0].files[0].access.uid == 100);

  root.rootfs.write_file("etc/passwd", "bad:x:55:55::/:\n", Owner{});
  SyntheticPackage third("third");
  third.directory("srv").owned_by("bad", 1, "web", 2);
  install(third);
  CHECK(root.at("srv").uid == 55);
  CHECK(root.at("srv").gid == 82);
}

TEST_CASE("installer: whose mode a shared directory has") {
  struct Case {
    std::string what;
    SyntheticPackage first;
    SyntheticPackage second;
    std::int32_t owner;
  };
  const std::vector<Case> cases = {
      {"alphabetically first, installed first", SyntheticPackage("ca"), SyntheticPackage("cb"), 0},
      {"alphabetically first, installed last", SyntheticPackage("cb"), SyntheticPackage("ca"), 1},
      {"higher priority", SyntheticPackage("ca"), SyntheticPackage("cb").priority(1), 1},
      {"lower priority", SyntheticPackage("cb").priority(2), SyntheticPackage("ca").priority(1), 0},
      {"named as the origin, last", SyntheticPackage("ca").origin("cb"),
       SyntheticPackage("cb").origin("cb"), 1},
      {"named as the origin, first", SyntheticPackage("cb").origin("cb"),
       SyntheticPackage("ca").origin("cb"), 0},
      {"one origin, neither named so", SyntheticPackage("cb").origin("o"),
       SyntheticPackage("ca").origin("o"), 1},
      {"another origin", SyntheticPackage("ca").origin("ca"), SyntheticPackage("cb").origin("cb"),
       0},
      {"priority before origin", SyntheticPackage("ca").origin("cb").priority(1),
       SyntheticPackage("cb").origin("cb"), 0},
  };
  for (Case c : cases) {
    CAPTURE(c.what);
    c.first.directory("d", 0700);
    c.second.directory("d", 0750);
    const Root root({c.first, c.second});
    CHECK(root.owner("d") == c.owner);
    CHECK(root.at("d").mode == (c.owner == 0 ? 0700 : 0750));
    // Each package's own mode is what the database says of it.
    CHECK(root.listed(0) == "d/:700; ");
    CHECK(root.listed(1) == "d/:750; ");
  }
}

TEST_CASE("installer: a directory that others changed keeps its mode") {
  Root root({SyntheticPackage("b").directory("d", 0700)});
  root.rootfs.find("d")->node->mode = 0711;
  root.rootfs.make_directories("made", Owner{Owner::generated}).node->uid = 33;
  root.installer.install(SyntheticPackage("a").directory("d", 0750).directory("made").get());
  CHECK(root.at("d").mode == 0711);
  CHECK(root.owner("d") == 1);
  CHECK(root.at("made").uid == 33);
  CHECK(root.listed(1) == "d/:750; made/; ");
}

TEST_CASE("installer: files go through links to directories") {
  SyntheticPackage merged("merged");
  merged.directory("usr").directory("usr/bin", 0711).symlink("bin", "usr/bin");
  SyntheticPackage tool("tool");
  tool.directory("bin").file("bin/tool", "x");
  const Root root({merged, tool});
  CHECK(root.at("bin").type == NodeType::symlink);
  CHECK(root.at("usr/bin/tool").type == NodeType::file);
  CHECK(root.at("usr/bin").mode == 0711);
  CHECK(root.listed(1) == "bin/ tool; ");

  SyntheticPackage other("other");
  other.directory("usr/bin").file("usr/bin/tool", "y");
  SyntheticPackage both("both");
  both.directory("usr").directory("usr/bin").symlink("bin", "/usr/bin");
  both.directory("bin").file("bin/tool", "x");
  CHECK(error_of(both, other).message() == "two packages bring '/usr/bin/tool'");
}

TEST_CASE("installer: no link leads out of the root") {
  SyntheticPackage package("a");
  package.symlink("out", "../../../etc").directory("etc").file("out/file", "x");
  const Root root({package});
  CHECK(root.rootfs.read_file("etc/file") == "x");
}

TEST_CASE("installer: what cannot be in one place is an error") {
  const auto message = [](const SyntheticPackage& first, const SyntheticPackage& added) {
    return error_of(first, added).render();
  };
  const SyntheticPackage directory = SyntheticPackage("dir").directory("x");
  const SyntheticPackage file = SyntheticPackage("file").file("x", "1");
  const SyntheticPackage link = SyntheticPackage("link").symlink("x", "nothing");
  CHECK(message(directory, file) ==
        "error: '/x' is a file of the package, but a directory is there\n"
        "  package: file-1.0-r0\n  there from: dir-1.0-r0\n  while unpacking file-1.0-r0\n");
  CHECK(message(file, directory) ==
        "error: '/x' is a directory of the package, but something else is there\n"
        "  package: dir-1.0-r0\n  there from: file-1.0-r0\n  while unpacking dir-1.0-r0\n");
  CHECK(message(link, directory).starts_with("error: '/x' is a directory of the package"));
  CHECK(message(file, SyntheticPackage("b").file("x/y", ""))
            .starts_with("error: '/x' is no directory"));
}

TEST_CASE("installer: who may overwrite whose file") {
  enum class Result { first, second, conflict };
  struct Case {
    std::string what;
    SyntheticPackage first;
    SyntheticPackage second;
    Result result;
  };
  const auto a = [] { return SyntheticPackage("a", "1.0-r0"); };
  const auto b = [] { return SyntheticPackage("b", "2.0-r0"); };
  const std::vector<Case> cases = {
      {"neither", a(), b(), Result::conflict},
      {"new replaces old", a(), b().replaces("a"), Result::second},
      {"with a version that matches", a(), b().replaces("a<2"), Result::second},
      {"with a version that does not", a(), b().replaces("a>2"), Result::conflict},
      {"another package", a(), b().replaces("c"), Result::conflict},
      {"old replaces new", a().replaces("b"), b(), Result::first},
      {"old replaces another version", a().replaces("b<2"), b(), Result::conflict},
      {"both, no priority", a().replaces("b"), b().replaces("a"), Result::second},
      {"both, the old's is higher", a().replaces("b", 2), b().replaces("a", 1), Result::first},
      {"both, the new's is higher", a().replaces("b", 1), b().replaces("a", 2), Result::second},
      {"priority without a match counts nothing", a().replaces("b"), b().priority(9),
       Result::first},
      {"one origin", a().origin("o"), b().origin("o"), Result::second},
      {"other origins", a().origin("o"), b().origin("p"), Result::conflict},
      {"empty origins", a().origin(""), b().origin(""), Result::conflict},
      {"one origin, old replaces new", a().origin("o").replaces("b"), b().origin("o"),
       Result::first},
  };
  for (Case c : cases) {
    CAPTURE(c.what);
    c.first.directory("d").file("d/f", "first");
    c.second.directory("d").file("d/f", "second").file("d/g", "");
    if (c.result == Result::conflict) {
      const Error error = error_of(c.first, c.second);
      CHECK(error.kind() == tarn::ErrorKind::failed);
      CHECK(error.render() ==
            "error: two packages bring '/d/f'\n  owned by: a-1.0-r0\n  also in: b-2.0-r0\n"
            "  while unpacking b-2.0-r0\nhint: leave one of the two out, or use a b that declares "
            "'replaces: a'\n");
      continue;
    }
    const Root root({c.first, c.second});
    const bool second = c.result == Result::second;
    CHECK(root.rootfs.read_file("d/f") == (second ? "second" : "first"));
    CHECK(root.owner("d/f") == (second ? 1 : 0));
    CHECK(root.listed(0) == (second ? "d/; " : "d/ f; "));
    CHECK(root.listed(1) == (second ? "d/ f g; " : "d/ g; "));
  }
}

TEST_CASE("installer: a link to a file that was refused has the package's own content") {
  const Root root({SyntheticPackage("a").replaces("b").file("x", "a's"),
                   SyntheticPackage("b").file("x", "b's").hard_link("y", "x")});
  CHECK(root.rootfs.read_file("x") == "a's");
  CHECK(root.rootfs.read_file("y") == "b's");
}

TEST_CASE("installer: a path that a package has twice is its last") {
  const Root root({SyntheticPackage("a").file("x", "one").file("x", "two")});
  CHECK(root.rootfs.read_file("x") == "two");
  CHECK(root.listed(0) == "/ x; ");
}

TEST_CASE("installer: the skeleton gives way") {
  Root root;
  Rootfs& rootfs = root.rootfs;
  rootfs.put("bin", skeleton(NodeType::directory, 0700));
  rootfs.put("bin/sh", skeleton(NodeType::symlink, 0777, "/busybox"));
  rootfs.put("etc", skeleton(NodeType::directory, 0700));
  rootfs.write_file("etc/passwd", "root:x:0:0\n", Owner{Owner::skeleton});
  rootfs.put("var", skeleton(NodeType::symlink, 0777, "nowhere"));
  rootfs.put("lib", skeleton(NodeType::directory, 0755));
  rootfs.put("sbin", skeleton(NodeType::symlink, 0777, "bin"));
  SyntheticPackage package("a");
  package.directory("etc").file("etc/passwd", "new").directory("var").file("var/x", "");
  package.symlink("lib", "usr/lib").directory("sbin").file("sbin/tool", "x");
  root.installer.install(package.get());
  CHECK(root.at("etc").mode == 0755);
  CHECK(root.owner("etc") == 0);
  CHECK(rootfs.read_file("etc/passwd") == "new");
  CHECK(rootfs.find("etc/passwd.apk-new") == nullptr);
  CHECK(root.at("var").type == NodeType::directory);
  CHECK(root.at("lib").target == "usr/lib");
  CHECK(root.at("bin/sh").target == "/busybox");
  CHECK(root.owner("bin/sh") == Owner::skeleton);
  CHECK(root.at("sbin").type == NodeType::symlink);  // a link to a directory may stand for one
  CHECK(root.at("bin/tool").type == NodeType::file);
}

TEST_CASE(
    "installer: a skeleton directory with a package's file in it is no longer the skeleton's") {
  Root root;
  root.rootfs.put("bin", skeleton(NodeType::directory, 0755));
  root.installer.install(SyntheticPackage("a").file("bin/x", "").get());
  CHECK_THROWS_AS(root.installer.install(SyntheticPackage("b").symlink("bin", "usr/bin").get()),
                  Error);
}

TEST_CASE("installer: changed files below etc stay, others do not") {
  Root root({SyntheticPackage("a")
                 .file("etc/changed", "old")
                 .file("etc/same", "old")
                 .file("etc/init.d/svc", "old")
                 .file("usr/changed", "old")});
  const auto write = [&root](const char* path, const char* text) {
    root.rootfs.write_file(path, text, Owner{Owner::generated});
  };
  write("etc/changed", "mine");
  write("etc/init.d/svc", "mine");
  write("usr/changed", "mine");
  write("etc/unowned", "mine");
  write("etc/equal", "new");
  write("usr/unowned", "mine");
  SyntheticPackage package("b");
  package.replaces("a");
  for (const char* path : {"etc/changed", "etc/same", "etc/init.d/svc", "usr/changed",
                           "etc/unowned", "etc/equal", "usr/unowned"}) {
    package.file(path, "new");
  }
  root.installer.install(package.get());
  const auto text = [&root](const char* path) { return root.rootfs.read_file(path); };
  CHECK(text("etc/changed") == "mine");
  CHECK(text("etc/changed.apk-new") == "new");
  CHECK(text("etc/same") == "new");
  CHECK_FALSE(text("etc/same.apk-new").has_value());
  CHECK(text("etc/init.d/svc") == "new");
  CHECK(text("usr/changed") == "new");
  CHECK(text("etc/unowned") == "mine");
  CHECK(text("etc/unowned.apk-new") == "new");
  CHECK(text("etc/equal") == "new");
  CHECK_FALSE(text("etc/equal.apk-new").has_value());
  CHECK(text("usr/unowned") == "new");
  CHECK(root.listed(0) == "etc/; etc/init.d/; usr/; ");
  CHECK(root.listed(1) ==
        "etc/ changed same unowned equal; etc/init.d/ svc; usr/ changed unowned; ");
}

TEST_CASE("installer: order of many directories") {
  SyntheticPackage package("a");
  for (int i = 40; i > 0; --i) package.directory(fmt::format("z{:02}", i));
  const Root root({package});
  std::string order;
  for (int i = 7; i <= 40; ++i) order += fmt::format("z{:02}/; ", i);
  for (int i = 6; i > 0; --i) order += fmt::format("z{:02}/; ", i);
  CHECK(root.listed(0) == order);
}

TEST_CASE("installer: a package without size has nothing to unpack") {
  tarn::apk::Package virtual_package;
  virtual_package.name = "meta";
  tarn::apk::PackageListing listing;
  listing.triggers = {"/usr"};
  listing.entries.resize(1);
  const PackageToInstall package =
      PackageToInstall::from_listing(listing, nullptr, virtual_package, "edge");
  CHECK(package.triggers.empty());
  CHECK(package.entries.empty());
  Root root;
  CHECK(root.installer.install(package) == Owner{0});
  CHECK(root.installer.packages()[0].repository_tag == "edge");
  CHECK(root.installer.packages()[0].directories.empty());
}
