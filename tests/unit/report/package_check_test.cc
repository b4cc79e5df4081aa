#include "builder/report/package_check.h"

#include <doctest/doctest.h>

#include "apk/database/scripts_archive.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

constexpr Owner nobody{Owner::generated};
const apk::Architecture architecture = *apk::Architecture::parse("x86_64");

apk::InstalledFile file_of(const std::string& name, const std::string& content,
                           std::uint32_t mode = 0644) {
  return {name, {0, 0, mode, {}}, sha1(content)};
}

apk::InstalledPackage package_with(const std::string& name,
                                   std::vector<apk::InstalledDirectory> directories) {
  apk::InstalledPackage installed;
  installed.package.name = name;
  installed.package.version = "1-r0";
  installed.package.arch = "x86_64";
  installed.package.identity.digest = sha1(name);
  installed.directories = std::move(directories);
  return installed;
}

void put_link(Rootfs& rootfs, const std::string& path, const std::string& target) {
  auto node = std::make_shared<Node>();
  node->type = NodeType::symlink;
  node->mode = 0777;
  node->target = target;
  rootfs.put(path, {node, nobody});
}

/// A tree as two packages brought it.
struct Sample {
  Rootfs rootfs;
  std::vector<apk::InstalledPackage> packages;

  Sample() {
    constexpr apk::InstalledAccess usual{0, 0, 0755, {}};
    packages.push_back(package_with(
        "app", {{"usr", usual, {}},
                {"usr/bin", usual, {file_of("app", "program", 0755), file_of("link", "app", 0777)}},
                {"usr/share", usual, {}},
                {"usr/share/man", usual, {file_of("app.1", "page")}},
                {"etc", usual, {file_of("app.conf", "setting")}}}));
    packages.push_back(package_with(
        "lib",
        {{"usr", {0, 0, 0700, {}}, {}}, {"usr/lib", usual, {file_of("lib.so", "library", 0755)}}}));
    packages[0].package.depends.push_back(*apk::Dependency::parse("so:lib.so"));
    packages[1].package.provides.push_back(*apk::Provide::parse("so:lib.so=1"));
    rootfs.write_file("usr/bin/app", "program", nobody, 0755);
    put_link(rootfs, "usr/bin/link", "app");
    rootfs.write_file("usr/share/man/app.1", "page", nobody, 0644);
    rootfs.write_file("etc/app.conf", "setting", nobody, 0644);
    rootfs.write_file("usr/lib/lib.so", "library", nobody, 0755);
    rootfs.write_file("etc/apk/world", "app\n", nobody, 0644);
  }

  PackageCheck check() {
    rootfs.write_file("lib/apk/db/installed", apk::installed_text(packages), nobody, 0644);
    return check_packages(rootfs, architecture);
  }
};

/// "PATH: NAME…" of the only difference.
std::string only(const std::vector<FileDifference>& differences) {
  REQUIRE(differences.size() == 1);
  std::string text = differences[0].path + ":";
  if (differences[0].change != FileChange::changed)
    text += " " + std::string(name_of(differences[0].change));
  for (const ValueDifference& value : differences[0].values) text += " " + value.name;
  return text;
}

}  // namespace

TEST_CASE("package check: a tree as its packages brought it is sound") {
  Sample sample;
  const PackageCheck check = sample.check();
  CHECK(check.is_sound());
  CHECK(check.has_database);
  CHECK(check.packages == 2);
  CHECK(check.paths == 5 + 6);  // files and links, directories
  CHECK(check.configuration.empty());
  CHECK(check.unowned == std::vector<std::string>{"etc/apk/world", "lib/apk/db/installed"});
}

TEST_CASE("package check: without a database nothing is said") {
  const Sample sample;
  const PackageCheck check = check_packages(sample.rootfs, architecture);
  CHECK_FALSE(check.has_database);
  CHECK(check.is_sound());
}

TEST_CASE("package check: what is another is named") {
  const auto node = [](Sample& sample, const char* path) -> Node& {
    return *sample.rootfs.find(path)->node;
  };
  Sample sample;
  SUBCASE("content") {
    node(sample, "usr/bin/app").content = Content::of("progran");
    CHECK(only(sample.check().differences) == "usr/bin/app: content");
  }
  SUBCASE("mode") {
    node(sample, "usr/bin/app").mode = 04755;
    CHECK(only(sample.check().differences) == "usr/bin/app: mode");
  }
  SUBCASE("owner") {
    node(sample, "usr/lib/lib.so").gid = 5;
    CHECK(only(sample.check().differences) == "usr/lib/lib.so: owner");
  }
  SUBCASE("attributes") {
    node(sample, "usr/lib/lib.so").xattrs["user.a"] = "b";
    CHECK(only(sample.check().differences) == "usr/lib/lib.so: xattrs");
  }
  SUBCASE("target") {
    node(sample, "usr/bin/link").target = "lib";
    CHECK(only(sample.check().differences) == "usr/bin/link: target");
  }
  SUBCASE("missing file") {
    sample.rootfs.remove("usr/bin/app");
    CHECK(only(sample.check().differences) == "usr/bin/app: removed");
  }
  SUBCASE("a directory may be as any of its packages has it") {
    node(sample, "usr").mode = 0700;
    CHECK(sample.check().is_sound());
    node(sample, "usr").mode = 0777;
    CHECK(only(sample.check().differences) == "usr: mode");
  }
  SUBCASE("a link in place of a directory") {
    sample.rootfs.remove("usr/share");
    sample.rootfs.write_file("opt/man/app.1", "page", nobody, 0644);
    put_link(sample.rootfs, "usr/share", "../opt");
    CHECK(only(sample.check().differences) == "usr/share: type");
  }
  SUBCASE("a directory in place of a file") {
    sample.rootfs.remove("usr/lib/lib.so");
    sample.rootfs.make_directories("usr/lib/lib.so", nobody);
    CHECK(only(sample.check().differences) == "usr/lib/lib.so: type");
  }
}

TEST_CASE("package check: configuration is set apart, its mode is not") {
  Sample sample;
  sample.rootfs.find("etc/app.conf")->node->content = Content::of("other");
  const PackageCheck check = sample.check();
  CHECK(check.is_sound());
  CHECK(only(check.configuration) == "etc/app.conf: content");
  sample.rootfs.find("etc/app.conf")->node->mode = 0666;
  CHECK(only(sample.check().differences) == "etc/app.conf: content mode");
}

TEST_CASE("package check: what is left out as a whole was pruned") {
  Sample sample;
  sample.rootfs.remove("usr/share/man");
  const PackageCheck check = sample.check();
  CHECK(check.is_sound());
  CHECK(check.pruned == std::vector<std::string>{"man"});
  CHECK(check.pruned_paths == 2);
  sample.rootfs.write_file("usr/share/man/other.1", "page", nobody, 0644);
  CHECK(only(sample.check().differences) == "usr/share/man/app.1: removed");
}

TEST_CASE("package check: faults of the database") {
  Sample sample;
  std::string expected;
  SUBCASE("a dependency") {
    sample.packages[1].package.provides.clear();
    expected = "lib/apk/db/installed: app-1-r0 needs so:lib.so, which no package gives";
  }
  SUBCASE("a conflict") {
    sample.packages[0].package.depends.push_back(*apk::Dependency::parse("!lib"));
    expected = "lib/apk/db/installed: app-1-r0 may not stand beside lib, which is there";
  }
  SUBCASE("world") {
    sample.rootfs.write_file("etc/apk/world", "app>2\n", nobody);
    expected = "etc/apk/world: 'app>2' is not fulfilled by what is installed";
  }
  SUBCASE("an architecture") {
    sample.packages[1].package.arch = "aarch64";
    expected = "lib/apk/db/installed: lib-1-r0 is for aarch64, the image for x86_64";
  }
  SUBCASE("a trigger of nobody") {
    sample.rootfs.write_file("lib/apk/db/triggers", "Q1none /usr\n", nobody);
    expected = "lib/apk/db/triggers: Q1none is no package that is there";
  }
  SUBCASE("a script of nobody") {
    apk::InstalledPackage other = package_with("other", {});
    other.scripts[apk::ScriptKind::post_install] = "#!/bin/sh\n";
    const Bytes archive = apk::write_scripts_archive(std::vector{other});
    sample.rootfs.write_file("lib/apk/db/scripts.tar", as_text(archive), nobody);
    expected = "lib/apk/db/scripts.tar: " +
               apk::script_file_name(other.package, apk::ScriptKind::post_install) +
               " is no script of a package that is there";
  }
  const PackageCheck check = sample.check();
  CHECK_FALSE(check.is_sound());
  CHECK(check.faults == std::vector<std::string>{expected});
}

TEST_CASE("package check: a database that cannot be read is a fault") {
  Sample sample;
  sample.rootfs.write_file("lib/apk/db/installed", "P:app\nnonsense\n", nobody);
  const PackageCheck check = check_packages(sample.rootfs, architecture);
  CHECK(check.has_database);
  REQUIRE(check.faults.size() == 1);
  CHECK(check.faults[0].find("lib/apk/db/installed") != std::string::npos);
}
