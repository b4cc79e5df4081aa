#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/package/package_file.h"
#include "apk/support/error.h"
#include "unit/package/built_package.h"

namespace tarn::apk {
namespace {

using test::DataTar;

PackageData read(const Bytes& file, const PackageLimits& limits = {}) {
  const auto package = PackageFile::parse(file, "built.apk", limits);
  package.verify_data_hash();
  return read_package_data(package);
}

/// The Error that reading a package around the tar gives; kind failed without message when none.
Error failure_of(const Bytes& tar, const PackageLimits& limits = {}) {
  try {
    read(test::package_of(tar), limits);
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::failed, ""};
}

TarHeader plain(const std::string& path, char type) {
  TarHeader header;
  header.path = path;
  header.type = type;
  return header;
}

}  // namespace

TEST_CASE("package data: every kind of entry") {
  TarHeader owned = DataTar::checked("etc/owned", '0', "", "secret");
  owned.mode = 04750;
  owned.uid = 100;
  owned.gid = 101;
  owned.user = "nginx";
  owned.group = "www-data";
  owned.mtime = 1700000000;
  owned.records.emplace_back("SCHILY.xattr.security.capability", std::string("\1\0\0\2", 4));
  owned.records.emplace_back("SCHILY.xattr.user.a", "b");
  TarHeader device = plain("dev/null", '3');
  device.device_major = 1;
  device.device_minor = 3;
  const std::string deep = "etc/" + std::string(120, 'p');
  const std::string far = "/" + std::string(150, 't');
  DataTar tar;
  tar.directory("etc")
      .add(owned, "secret")
      .file("etc/none", "")
      .hard_link("etc/again", "etc/owned");
  tar.hard_link("etc/third", "etc/again").symlink("etc/link", "../none").symlink("etc/far", far);
  tar.file(deep, "deep").directory("dev").add(device).add(plain("dev/block", '4'));
  tar.add(plain("dev/pipe", '6')).file("top", "t").directory(".hidden").file(".meta", "m");
  tar.directory(".").end();
  const auto data = read(test::package_of(tar.tar()));

  std::string listing;
  for (const auto& entry : data.entries)
    listing += std::to_string(static_cast<int>(entry.type)) + entry.path.substr(0, 12) + " ";
  CHECK(listing ==
        "0etc 1etc/owned 1etc/none 3etc/again 3etc/third 2etc/link 2etc/far 1etc/pppppppp 0dev "
        "4dev/null 5dev/block 6dev/pipe 1top ");
  const DataEntry& file = data.entries[1];
  CHECK(file.mode == 04750);
  CHECK(file.uid == 100);
  CHECK(file.gid == 101);
  CHECK(file.user == "nginx");
  CHECK(file.group == "www-data");
  CHECK(file.mtime == 1700000000);
  CHECK(file.size == 6);
  CHECK(as_text(ByteView(*data.tar).subspan(file.offset, file.size)) == "secret");
  CHECK(file.checksum == sha1("secret"));
  CHECK(file.xattrs == std::map<std::string, std::string>{
                           {"security.capability", std::string("\1\0\0\2", 4)}, {"user.a", "b"}});
  CHECK(data.entries[3].target == "etc/owned");
  CHECK(data.entries[3].checksum == sha1("secret"));
  CHECK(data.entries[4].target == "etc/owned");
  CHECK(data.entries[5].target == "../none");
  CHECK(data.entries[6].target == far);
  CHECK(data.entries[7].path == deep);
  CHECK(data.entries[9].device_major == 1);
  CHECK(data.entries[9].device_minor == 3);
}

TEST_CASE("package data: a wrong or missing checksum") {
  struct Case {
    std::string expected;
    std::function<void(DataTar&)> fill;
  };
  const std::vector<Case> cases = {
      {"'f' has a wrong checksum",
       [](auto& t) { t.add(DataTar::checked("f", '0', "", "a"), "b"); }},
      {"'l' has a wrong checksum", [](auto& t) { t.add(DataTar::checked("l", '2', "a", "b")); }},
      {"'f' has no checksum", [](auto& t) { t.add(plain("f", '0'), "a"); }},
      {"'e' has no checksum", [](auto& t) { t.add(plain("e", '0')); }},
      {"'l' has no checksum",
       [](auto& t) {
         auto header = plain("l", '2');
         header.target = "x";
         t.add(header);
       }},
  };
  for (const auto& test : cases) {
    const auto& expected = test.expected;
    const auto& fill = test.fill;
    CAPTURE(expected);
    DataTar tar;
    fill(tar);
    const Error error = failure_of(tar.end().tar());
    CHECK(error.kind() == ErrorKind::trust);
    CHECK(error.message() == expected);
    CHECK_FALSE(error.details().empty());
  }
}

TEST_CASE("package data: unsafe and contradictory archives are refused") {
  struct Case {
    std::string expected;
    std::function<void(DataTar&)> fill;
  };
  const std::vector<Case> cases = {
      {"absolute", [](auto& t) { t.file("/etc", "x"); }},
      {"the part '..'", [](auto& t) { t.file("..", "x"); }},
      {"the part '..'", [](auto& t) { t.directory("a").file("a/../b", "x"); }},
      {"the part '..'", [](auto& t) { t.directory("a").directory("a/.."); }},
      {"the part '.'", [](auto& t) { t.file("./b", "x"); }},
      {"empty part", [](auto& t) { t.directory("a").file("a//b", "x"); }},
      {"empty path", [](auto& t) { t.file("", "x"); }},
      {"control characters", [](auto& t) { t.file("a\nb", "x"); }},
      {"control characters", [](auto& t) { t.file("a\x7f", "x"); }},
      {"control characters",
       [](auto& t) {
         auto header = DataTar::checked("a", '0', "", "x");
         header.records.emplace_back("path", std::string("a\0b", 3));
         t.add(header, "x");
       }},
      {"no entry for its directory", [](auto& t) { t.file("a/b", "x"); }},
      {"no entry for its directory", [](auto& t) { t.directory("a").file("a/b/c", "x"); }},
      {"no entry for its directory", [](auto& t) { t.file("a", "x").file("a/b", "x"); }},
      {"no entry for its directory", [](auto& t) { t.symlink("a", "/etc").file("a/b", "x"); }},
      {"no entry for its directory", [](auto& t) { t.directory(".a").file(".a/b", "x"); }},
      {"path twice", [](auto& t) { t.file("a", "x").file("a", "x"); }},
      {"path twice", [](auto& t) { t.directory("a").symlink("a", "/etc"); }},
      {"no file before it", [](auto& t) { t.hard_link("a", "b"); }},
      {"no file before it", [](auto& t) { t.hard_link("a", "b").file("b", "x"); }},
      {"no file before it", [](auto& t) { t.directory("b").hard_link("a", "b"); }},
      {"no file before it", [](auto& t) { t.symlink("b", "x").hard_link("a", "b"); }},
      {"the part '..'", [](auto& t) { t.hard_link("a", "../b"); }},
      {"absolute", [](auto& t) { t.hard_link("a", "/etc/passwd"); }},
      {"no valid target", [](auto& t) { t.symlink("a", ""); }},
      {"contradict", [](auto& t) { t.add(DataTar::checked("a", '2', "x", "x"), "y"); }},
      {"contradict", [](auto& t) { t.add(plain("a", '5'), "y"); }},
      {"no type flag", [](auto& t) { t.add(DataTar::checked("a", '\0', "", "x"), "x"); }},
      {"type 0x53", [](auto& t) { t.add(DataTar::checked("a", 'S', "", "x"), "x"); }},
      {"name of an extended attribute",
       [](auto& t) {
         auto header = plain("a", '5');
         header.records.emplace_back("SCHILY.xattr.user.\n", "x");
         t.add(header);
       }},
      {"checksum is not 40 hexadecimal digits",
       [](auto& t) {
         auto header = plain("a", '0');
         header.records.emplace_back("APK-TOOLS.checksum.SHA1", "xyz");
         t.add(header);
       }},
  };
  for (const auto& test : cases) {
    const auto& expected = test.expected;
    const auto& fill = test.fill;
    CAPTURE(expected);
    DataTar tar;
    fill(tar);
    const Error error = failure_of(tar.end().tar());
    CAPTURE(error.message());
    CHECK(error.message().find(expected) != std::string::npos);
  }
}

TEST_CASE("package data: cut short, followed by something, or too large") {
  const Bytes whole = DataTar().directory("a").file("a/b", std::string(2000, 'x')).end().tar();
  CHECK(failure_of(whole).message().empty());
  // Wherever the tar is cut, it is refused: within the two blocks of its end mark as well.
  for (std::size_t size = 0; size < whole.size(); size += 256) {
    CAPTURE(size);
    CHECK_FALSE(failure_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)))
                    .message()
                    .empty());
  }
  Bytes followed = whole;
  followed.resize(followed.size() + 512);
  CHECK(failure_of(followed).message().empty());
  followed[followed.size() - 1] = std::byte{1};
  CHECK(failure_of(followed).message().find("follows the end") != std::string::npos);

  PackageLimits small;
  small.data = whole.size() - 1;
  CHECK(failure_of(whole, small).message().find("limit") != std::string::npos);

  // The package says 4096 octets, so 80 MiB are not its data, whatever they compress to.
  const Bytes bomb = DataTar().file("zeros", std::string(80U << 20U, '\0')).end().tar();
  CHECK(failure_of(bomb).message().find("limit") != std::string::npos);
}

TEST_CASE("package data: what is not exactly one gzip member is refused") {
  const Bytes data = deflate_gzip(DataTar().end().tar(), 6);
  for (const std::string tail : {"x", "\x1f\x8b", "0123456789012345678901234567890"}) {
    const auto tail_bytes = as_bytes(tail);
    const Bytes followed = test::joined({data, Bytes(tail_bytes.begin(), tail_bytes.end())});
    const Bytes file =
        test::joined({test::section({{".PKGINFO", test::info_text(followed)}}), followed});
    CHECK_THROWS_AS(read(file), Error);
  }
  const Bytes twice = test::joined({data, data});
  const Bytes file = test::joined({test::section({{".PKGINFO", test::info_text(twice)}}), twice});
  CHECK_THROWS_AS(read(file), Error);
}

}  // namespace tarn::apk
