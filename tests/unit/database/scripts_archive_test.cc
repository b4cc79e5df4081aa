#include "apk/database/scripts_archive.h"

#include <memory>
#include <string>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>

using namespace tarn::apk;

namespace {

struct Member {
  std::string name;
  std::string content;
  std::int64_t mtime;
  bool operator==(const Member&) const = default;
};

/// What another reader of tar finds in the archive.
std::vector<Member> members_of(tarn::ByteView tar) {
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(reader.get());
  REQUIRE(archive_read_open_memory(reader.get(), tar.data(), tar.size()) == ARCHIVE_OK);
  std::vector<Member> members;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    CHECK(archive_entry_filetype(entry) == AE_IFREG);
    CHECK(archive_entry_perm(entry) == 0755);
    CHECK(archive_entry_uid(entry) == 0);
    CHECK(std::string(archive_entry_uname(entry)) == "root");
    std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    archive_read_data(reader.get(), content.data(), content.size());
    members.push_back({archive_entry_pathname(entry), content, archive_entry_mtime(entry)});
  }
  return members;
}

InstalledPackage package(std::string name, std::int64_t build_time) {
  InstalledPackage installed;
  installed.package.name = std::move(name);
  installed.package.version = "1.0-r0";
  installed.package.build_time = build_time;
  installed.package.identity.digest.octets.fill(0xab);
  return installed;
}

const std::string hex = "X1abababababababababababababababababababab";

}  // namespace

TEST_CASE("scripts archive: names, order and times") {
  const std::string long_name(120, 'n');
  std::vector<InstalledPackage> packages = {package("zlib", 5), package(long_name, 7),
                                            package("base", -1), package("none", 1)};
  packages[0].scripts = {{ScriptKind::trigger, std::string(512, 't')},
                         {ScriptKind::post_install, "#!/bin/sh\n"}};
  packages[1].scripts = {{ScriptKind::pre_install, ""}};
  packages[2].scripts = {{ScriptKind::post_upgrade, "up"}, {ScriptKind::pre_upgrade, "pre"}};
  const tarn::Bytes tar = write_scripts_archive(packages);
  CHECK(members_of(tar) == std::vector<Member>{
                               {"base-1.0-r0." + hex + ".pre-upgrade", "pre", 0},
                               {"base-1.0-r0." + hex + ".post-upgrade", "up", 0},
                               {long_name + "-1.0-r0." + hex + ".pre-install", "", 7},
                               {"zlib-1.0-r0." + hex + ".post-install", "#!/bin/sh\n", 5},
                               {"zlib-1.0-r0." + hex + ".trigger", std::string(512, 't'), 5},
                           });
  CHECK(tarn::as_text(tarn::ByteView(tar).subspan(257, 8)) == std::string_view("ustar  \0", 8));
  CHECK(tar.size() % 512 == 0);
  for (const std::byte octet : tarn::ByteView(tar).last(1024)) REQUIRE(octet == std::byte{0});
}

TEST_CASE("scripts archive: a root without scripts has an empty one") {
  CHECK(write_scripts_archive({}) == tarn::Bytes(1024));
}

TEST_CASE("triggers: in order of installation, only packages that have some") {
  std::vector<InstalledPackage> packages = {package("b", 0), package("none", 0), package("a", 0)};
  packages[0].triggers = {"/bin", "/usr/lib/*"};
  packages[2].triggers = {"/etc"};
  CHECK(triggers_text(packages) ==
        "Q1q6urq6urq6urq6urq6urq6urq6s= /bin /usr/lib/*\nQ1q6urq6urq6urq6urq6urq6urq6s= /etc\n");
}
