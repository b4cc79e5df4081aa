#include "apk/package/package_writer.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "apk/support/gzip.h"

namespace tarn::apk {
namespace {

Bytes bytes_of(std::string_view text) {
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

PayloadEntry entry(std::string path, EntryType type, std::string_view content = "") {
  PayloadEntry made;
  made.header.path = std::move(path);
  made.header.type = type;
  made.header.mode = 0644;
  made.header.user = "root";
  made.header.group = "root";
  made.header.mtime = 1000;
  if (type == EntryType::file)
    made.content = bytes_of(content);
  else
    made.header.target = content;
  return made;
}

PackageManifest manifest() {
  PackageManifest made;
  made.package.name = "hello";
  made.package.version = "1.0-r0";
  made.package.arch = "x86_64";
  made.package.build_time = 1700000000;
  return made;
}

Payload small_payload() {
  Payload payload = {entry("usr/bin/hello", EntryType::file, "content"),
                     entry("usr/bin/hi", EntryType::symlink, "hello"),
                     entry("usr/bin/salute", EntryType::hard_link, "usr/bin/hello")};
  payload[0].header.mode = 04755;
  payload[0].header.xattrs["user.note"] = std::string("\0x\n", 3);
  return payload;
}

}  // namespace

TEST_CASE("what is written is read back the same") {
  PackageManifest made = manifest();
  made.package.description = "says hello";
  made.package.depends = {*Dependency::parse("so:libc.so>=2"), *Dependency::parse("!goodbye")};
  made.package.provides = {*Provide::parse("cmd:hello=1.0-r0")};
  made.package.replaces = {*Dependency::parse("old<3")};
  made.package.replaces_priority = 3;
  made.package.install_if = {*Dependency::parse("a"), *Dependency::parse("b>2")};
  made.package.provider_priority = 7;
  made.package.commit = "0123";
  made.triggers = {"/usr/share/*", "+/lib"};
  made.scripts[ScriptKind::post_install] = "#!/bin/sh\nexit 0\n";
  made.scripts[ScriptKind::trigger] = "#!/bin/sh\n";
  const Bytes file = write_package(made, small_payload());

  const auto read = PackageFile::parse(file, "hello.apk");
  read.verify_data_hash();
  const Package& package = read.package();
  CHECK(package.label() == "hello-1.0-r0");
  CHECK(package.arch == "x86_64");
  CHECK(package.description == "says hello");
  CHECK(package.origin == "hello");
  CHECK(package.build_time == 1700000000);
  CHECK(package.commit == "0123");
  CHECK(package.size == file.size());
  CHECK(package.installed_size == 7);
  CHECK(package.provider_priority == 7);
  CHECK(package.replaces_priority == 3);
  CHECK(package.depends == made.package.depends);
  CHECK(package.provides == made.package.provides);
  CHECK(package.replaces == made.package.replaces);
  CHECK(package.install_if == made.package.install_if);
  CHECK(read.triggers() == made.triggers);
  CHECK(read.scripts() == made.scripts);
  CHECK(read.signatures().empty());
  CHECK(package.identity.digest == sha1(read.control_member()));

  const PackageData data = read_package_data(read);
  REQUIRE(data.entries.size() == 5);
  const DataEntry& program = data.entries[2];
  CHECK(program.path == "usr/bin/hello");
  CHECK(program.mode == 04755);
  CHECK(program.mtime == 1700000000);
  CHECK(program.xattrs.at("user.note") == std::string("\0x\n", 3));
  CHECK(program.checksum == sha1("content"));
  CHECK(data.entries[3].checksum == sha1("hello"));
  CHECK(data.entries[4].type == EntryType::hard_link);
  CHECK(data.entries[4].target == "usr/bin/hello");
}

TEST_CASE("only the data section ends as an archive") {
  const Bytes file = write_package(manifest(), small_payload());
  const auto read = PackageFile::parse(file, "hello.apk");
  const auto ends = [](ByteView member) {
    const auto tar = inflate_whole_gzip(member, 1U << 20U);
    REQUIRE(tar.size() >= 512);
    return std::all_of(tar.end() - 512, tar.end(),
                       [](std::byte octet) { return octet == std::byte{0}; });
  };
  CHECK_FALSE(ends(read.control_member()));
  CHECK(ends(read.data_member()));
}

TEST_CASE("a package is a function of what it is made of") {
  CHECK(write_package(manifest(), small_payload()) == write_package(manifest(), small_payload()));
  Payload shuffled = small_payload();
  std::swap(shuffled[0], shuffled[2]);
  CHECK(write_package(manifest(), std::move(shuffled)) ==
        write_package(manifest(), small_payload()));
}

TEST_CASE("the times of files are the build time, or their own when kept") {
  PackageWriteOptions options;
  options.times = EntryTimes::kept;
  PackageManifest made = manifest();
  Payload payload = small_payload();
  payload[0].header.mtime = 1800000000;
  const Bytes file = write_package(made, payload, options);
  const auto data = read_package_data(PackageFile::parse(file, "x"));
  CHECK(data.entries[2].mtime == 1700000000);
  CHECK(data.entries[3].mtime == 1000);
  CHECK(newest_file_time(payload) == 1800000000);
}

TEST_CASE("a size of zero is said only of a package with nothing in it") {
  const auto size_of = [](const PackageManifest& made, Payload payload) {
    const Bytes file = write_package(made, std::move(payload));
    return PackageFile::parse(file, "x").package().installed_size;
  };
  PackageManifest with_script = manifest();
  with_script.scripts[ScriptKind::post_install] = "exit 0\n";
  CHECK(size_of(manifest(), {}) == 0);
  CHECK(size_of(with_script, {}) == 1);
  CHECK(size_of(manifest(), {entry("empty", EntryType::file)}) == 1);
  CHECK(size_of(manifest(), {entry("folder", EntryType::directory)}) == 1);
  CHECK(size_of(manifest(), {entry("file", EntryType::file, "12345")}) == 5);
}

TEST_CASE("a signature is put before the package and changes nothing else") {
  const Bytes file = write_package(manifest(), small_payload());
  const auto key = PrivateKey::generate(2048);
  Keyring keyring;
  keyring.add(PublicKey::from_pem("me.rsa.pub", key.public_pem()));
  const auto unsigned_package = PackageFile::parse(file, "x");
  Bytes signed_file = file;
  for (const auto algorithm : {SignatureAlgorithm::rsa_sha1, SignatureAlgorithm::rsa_sha256,
                               SignatureAlgorithm::rsa_sha512}) {
    signed_file = sign_package(signed_file, key, algorithm, "me.rsa.pub", "x");
    const auto read = PackageFile::parse(signed_file, "x");
    CHECK(read.verify_signature(keyring) == "me.rsa.pub");
    REQUIRE(read.signatures().size() == 1);
    CHECK(read.signatures()[0].algorithm == algorithm);
    CHECK(read.package().identity == unsigned_package.package().identity);
    CHECK(std::ranges::equal(read.data_member(), unsigned_package.data_member()));
  }
}

TEST_CASE("what no package may say is refused") {
  struct Case {
    const char* why;
    void (*change)(PackageManifest&);
  };
  const Case cases[] = {
      {"not a package name", [](PackageManifest& made) { made.package.name = "-x"; }},
      {"not a version", [](PackageManifest& made) { made.package.version = "1-2"; }},
      {"not an architecture", [](PackageManifest& made) { made.package.arch = ""; }},
      {"not an architecture", [](PackageManifest& made) { made.package.arch = "../x"; }},
      {"description has a line break",
       [](PackageManifest& made) { made.package.description = "a\ndepend = evil"; }},
      {"repository tag",
       [](PackageManifest& made) { made.package.depends = {*Dependency::parse("a@edge")}; }},
      {"is not a version",
       [](PackageManifest& made) { made.package.depends = {*Dependency::parse("a>=x")}; }},
      {"not an absolute path", [](PackageManifest& made) { made.triggers = {"usr"}; }},
      {"has a space", [](PackageManifest& made) { made.triggers = {"/a b"}; }},
      {"before 1970", [](PackageManifest& made) { made.package.build_time = -1; }},
      {"larger than",
       [](PackageManifest& made) { made.scripts[ScriptKind::trigger] = std::string(262145, '#'); }},
  };
  for (const auto& row : cases) {
    const auto& [why, change] = row;
    INFO(row.why);
    PackageManifest made = manifest();
    change(made);
    try {
      write_package(made, {});
      FAIL("not refused");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().find(why) != std::string::npos);
    }
  }
}

}  // namespace tarn::apk
