#include "builder/scripts/busybox_links.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "unit/rootfs/recipe_rootfs.h"
#include "unit/scripts/install_links.h"
#include "unit/shared.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;
using test::install_applet_links;
using test::install_bbsuid_links;
using test::install_busybox_links;
using test::node_at;
using test::put_symlink;
using Links = std::map<std::string, std::string>;

const std::string elf =
    "\x7f"
    "ELF";

/// A program like busybox: an ELF file with a table of names somewhere.
std::string program_with(const std::vector<std::string>& names) {
  using namespace std::string_literals;
  std::string program = elf + "\0\0\1\0some text\0Usage: %s\0"s;
  for (const auto& name : names) program.append(name).append(1, '\0');
  return program + "\0\0more\0"s;
}

const std::vector<std::string> some_names = {"[",   "[[", "ash",    "init", "ls",
                                             "sed", "sh", "udhcpd", "vi",   "zcat"};

/// The files of a package with these paths, from all of its members.
std::map<std::string, std::string> read_package(const fs::path& package,
                                                const std::vector<std::string>& paths) {
  std::map<std::string, std::string> files;
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      &archive_read_free);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_read_set_options(reader.get(), "read_concatenated_archives");
  REQUIRE(archive_read_open_filename(reader.get(), package.c_str(), 65536) == ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) != ARCHIVE_EOF) {
    const std::string path = archive_entry_pathname(entry);
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) continue;
    std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    REQUIRE(archive_read_data(reader.get(), content.data(), content.size()) ==
            static_cast<la_ssize_t>(content.size()));
    files[path] = std::move(content);
  }
  return files;
}

/// The links to busybox programs of a recorded tree; everything else of it goes into `rootfs`.
Links read_tree(const fs::path& manifest, Rootfs& rootfs) {
  Links links;
  std::ifstream lines(manifest);
  std::string line;
  while (std::getline(lines, line)) {
    const auto row = nlohmann::json::parse(line);
    const std::string path = row["path"];
    const std::string target = row.value("target", "");
    if (target == "/bin/busybox" || target == "/bin/bbsuid")
      links[path] = target;
    else if (row["type"] == "dir")
      rootfs.make_directories(path, Owner{0});
    else if (row["type"] == "symlink")
      put_symlink(rootfs, path, target);
    else
      rootfs.write_file(path, "", Owner{0});
  }
  return links;
}

Links links_of(const Rootfs& rootfs) {
  Links links;
  rootfs.walk([&](const std::string& path, const Entry& entry) {
    if (entry.node->target == "/bin/busybox" || entry.node->target == "/bin/bbsuid")
      links[path] = entry.node->target;
  });
  return links;
}

}  // namespace

TEST_CASE("busybox links: from the list, where the path is free") {
  Rootfs rootfs;
  rootfs.write_file("bin/busybox", "no program", Owner{0}, 0755);
  rootfs.write_file("bin/ls", "another ls", Owner{1}, 0755);
  put_symlink(rootfs, "bin/sh", "dash");
  rootfs.write_file("etc/busybox-paths.d/busybox", "bin/cat\n/bin/ls\r\n\nusr/bin/[\nbin/sh\nx/",
                    Owner{0});
  CHECK(install_busybox_links(rootfs) == 2);
  CHECK(node_at(rootfs, "bin/cat").target == "/bin/busybox");
  CHECK(node_at(rootfs, "bin/cat").mode == 0777);
  CHECK(rootfs.find("bin/cat")->owner == Owner{});
  CHECK(node_at(rootfs, "usr/bin/[").target == "/bin/busybox");
  CHECK(rootfs.read_file("bin/ls") == "another ls");
  CHECK(node_at(rootfs, "bin/sh").target == "dash");
  CHECK(rootfs.find("x") == nullptr);
  CHECK(install_busybox_links(rootfs) == 0);
}

TEST_CASE("busybox links: from the program's own table without a list") {
  Rootfs rootfs;
  rootfs.write_file("bin/busybox", program_with(some_names), Owner{0}, 0755);
  CHECK(install_busybox_links(rootfs) == some_names.size());
  CHECK(links_of(rootfs) == Links{{"bin/ash", "/bin/busybox"},
                                  {"bin/ls", "/bin/busybox"},
                                  {"bin/sed", "/bin/busybox"},
                                  {"bin/sh", "/bin/busybox"},
                                  {"bin/zcat", "/bin/busybox"},
                                  {"sbin/init", "/bin/busybox"},
                                  {"usr/bin/[", "/bin/busybox"},
                                  {"usr/bin/[[", "/bin/busybox"},
                                  {"usr/bin/vi", "/bin/busybox"},
                                  {"usr/sbin/udhcpd", "/bin/busybox"}});
}

TEST_CASE("busybox links: of other programs and lists, in merged folders") {
  Rootfs rootfs;
  rootfs.make_directories("usr/bin", Owner{0});
  put_symlink(rootfs, "bin", "usr/bin");
  rootfs.write_file("usr/bin/busybox", "x", Owner{0}, 0755);
  rootfs.write_file("usr/bin/busybox-extras", "x", Owner{0}, 0755);
  rootfs.write_file("etc/busybox-paths.d/busybox-extras", "usr/bin/telnet\nbin/both\n", Owner{0});
  rootfs.write_file("etc/busybox-paths.d/busybox-full", "bin/ls\nbin/both\n", Owner{0});
  CHECK(install_busybox_links(rootfs) == 3);
  CHECK(node_at(rootfs, "usr/bin/telnet").target == "/usr/bin/busybox-extras");
  CHECK(node_at(rootfs, "usr/bin/both").target == "/usr/bin/busybox-extras");
  CHECK(node_at(rootfs, "usr/bin/ls").target == "/usr/bin/busybox");
}

TEST_CASE("busybox links: bbsuid takes over those of busybox, and nothing else") {
  Rootfs rootfs;
  rootfs.write_file("bin/busybox", "x", Owner{0}, 0755);
  std::string program = elf;
  for (const std::string_view text : {"/bin/su", "/bin/mount", "/bin/umount", "/bin/busybox",
                                      "/bin/bbsuid", "/proc/self/exe", "/usr/bin/passwd"})
    program.append(1, '\0').append(text);
  rootfs.write_file("bin/bbsuid", program, Owner{0}, 04111);
  put_symlink(rootfs, "bin/su", "/bin/busybox");
  rootfs.write_file("bin/mount", "util-linux", Owner{1});
  put_symlink(rootfs, "bin/umount", "mount");
  CHECK(install_bbsuid_links(rootfs) == 2);
  CHECK(links_of(rootfs) == Links{{"bin/su", "/bin/bbsuid"}, {"usr/bin/passwd", "/bin/bbsuid"}});
  CHECK(rootfs.read_file("bin/mount") == "util-linux");
}

TEST_CASE("busybox links: nothing without busybox") {
  Rootfs rootfs;
  rootfs.write_file("etc/busybox-paths.d/busybox", "bin/cat\n", Owner{0});
  CHECK(install_busybox_links(rootfs) == 0);
  rootfs.make_directories("bin/busybox", Owner{0});
  CHECK(install_busybox_links(rootfs) == 0);
  Rootfs script;
  script.write_file("bin/busybox", "#!/bin/sh\n", Owner{0}, 0755);
  CHECK(install_busybox_links(script) == 0);
}

TEST_CASE("applets: the table in a program") {
  CHECK(applet_names(program_with(some_names)) == some_names);
  auto with_text_before = some_names;
  with_text_before.insert(with_text_before.begin(), "0123");
  CHECK(applet_names(program_with(with_text_before)) == some_names);
  auto after_other_octets = some_names;
  after_other_octets.front() = "\x11#33[";
  CHECK(applet_names(program_with(after_other_octets)) == some_names);
  CHECK(applet_names(program_with({"a", "b", "c"})).empty());
  CHECK(applet_names(program_with({})).empty());
  CHECK(applet_names("").empty());
  CHECK(applet_names(program_with(some_names).substr(1)).empty());
  std::string unended = elf;
  for (const auto& name : some_names) unended.append(1, '\0').append(name);
  CHECK(applet_names(unended).empty());
}

TEST_CASE("applets: their folders") {
  struct Case {
    std::string_view applet, folder;
  };
  for (const auto& row : {Case{"sh", "bin"},
                          {"zcat", "bin"},
                          {"init", "sbin"},
                          {"adduser", "usr/sbin"},
                          {"udhcpd", "usr/sbin"},
                          {"awk", "usr/bin"},
                          {"linuxrc", ""},
                          {"unheard-of", "usr/bin"},
                          {"as", "usr/bin"}})
    CHECK(applet_folder(row.applet) == row.folder);
}

TEST_CASE("busybox links: those that the reference's trees have") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  const auto packages = *shared / "mirror/alpine/v3.19.1-bootmedia/x86_64";
  const std::string list = "etc/busybox-paths.d/busybox";
  const auto busybox = read_package(packages / "busybox-1.36.1-r15.apk", {"bin/busybox", list});
  const auto suid = read_package(packages / "busybox-suid-1.36.1-r15.apk", {"bin/bbsuid"});
  REQUIRE(busybox.size() == 2);
  REQUIRE(suid.size() == 1);
  for (const std::string tree : {"base", "alpine-base"})
    for (const bool has_list : {true, false}) {
      CAPTURE(tree);
      CAPTURE(has_list);
      Rootfs rootfs;
      const auto expected = read_tree(*shared / "oracle" / tree / "manifest.jsonl", rootfs);
      REQUIRE(expected.size() > 300);
      rootfs.write_file("bin/busybox", busybox.at("bin/busybox"), Owner{0});
      if (rootfs.find("bin/bbsuid") != nullptr)
        rootfs.write_file("bin/bbsuid", suid.at("bin/bbsuid"), Owner{0});
      if (has_list)
        rootfs.write_file(list, busybox.at(list), Owner{0});
      else
        rootfs.remove("etc/busybox-paths.d");
      install_busybox_links(rootfs);
      CHECK(links_of(rootfs) == expected);
    }
}

TEST_CASE("busybox links: when busybox is installed, then again when bbsuid is there") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  const auto packages = *shared / "mirror/alpine/v3.19.1-bootmedia/x86_64";
  const std::string list = "etc/busybox-paths.d/busybox";
  const auto busybox = read_package(packages / "busybox-1.36.1-r15.apk", {"bin/busybox", list});
  const auto suid = read_package(packages / "busybox-suid-1.36.1-r15.apk", {"bin/bbsuid"});
  Rootfs tree;
  const auto expected = read_tree(*shared / "oracle/alpine-base/manifest.jsonl", tree);
  Rootfs rootfs;
  for (const auto& [path, content] : busybox) rootfs.write_file(path, content, Owner{0});
  CHECK(install_applet_links(rootfs, "bin/busybox") == 304);
  rootfs.write_file("bin/bbsuid", suid.at("bin/bbsuid"), Owner{1});
  CHECK(install_busybox_links(rootfs) == 8);
  for (const auto& [path, target] : expected) CHECK(node_at(rootfs, path).target == target);
}

TEST_CASE("applets: the tables of older programs") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  struct Case {
    std::string package;
    std::size_t number;
  };
  for (const auto& row :
       std::vector<Case>{{"v3.4/main/x86_64/busybox-1.24.2-r11.apk", 300},
                         {"v3.13-bootmedia/aarch64/busybox-1.32.1-r5.apk", 299}}) {
    const auto files = read_package(*shared / "mirror/alpine" / row.package, {"bin/busybox"});
    const auto names = applet_names(files.at("bin/busybox"));
    CHECK(names.size() == row.number);
    CHECK(names.front() == "[");
    CHECK(names.back() == "zcat");
  }
}

}  // namespace tarn::builder
