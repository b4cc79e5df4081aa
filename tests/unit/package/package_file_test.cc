#include "apk/package/package_file.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/package/built_package.h"

namespace tarn::apk {
namespace {

using test::DataTar;
using test::joined;
using test::section;

/// Kind and message of the Error that `function` throws.
template <typename Function>
std::pair<ErrorKind, std::string> failure_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return {error.kind(), error.message()};
  }
  return {ErrorKind::failed, ""};
}

Bytes empty_data() {
  return deflate_gzip(DataTar().end().tar(), 6);
}

Bytes control(const std::vector<std::pair<std::string, std::string>>& more = {}) {
  std::vector<std::pair<std::string, std::string>> files = {
      {".PKGINFO", test::info_text(empty_data())}};
  files.insert(files.end(), more.begin(), more.end());
  return section(files);
}

}  // namespace

TEST_CASE("script names") {
  for (std::size_t i = 0; i < script_kind_count; ++i) {
    const auto kind = static_cast<ScriptKind>(i);
    CHECK(parse_script_name(script_name(kind)) == kind);
  }
  CHECK(script_name(ScriptKind::pre_deinstall) == "pre-deinstall");
  CHECK_FALSE(parse_script_name("install"));
  CHECK_FALSE(parse_script_name(""));
}

TEST_CASE("package file: its sections and what the control section says") {
  const Bytes first = section({{".SIGN.RSA256.me.rsa.pub", "value"}, {".SIGN.DSA.old", "x"}});
  const Bytes second =
      control({{".post-install", "#!/bin/sh\n"}, {".trigger", "t"}, {".other", "o"}});
  const Bytes third = empty_data();
  const Bytes file = joined({first, second, third});
  const auto package = PackageFile::parse(file, "built.apk");
  CHECK(package.name() == "built.apk");
  CHECK(package.package().label() == "built-1.0-r0");
  CHECK(package.package().size == file.size());
  CHECK(package.package().identity.digest == sha1(second));
  CHECK(package.data_hash() == to_hex(sha256(third)));
  CHECK(package.scripts() ==
        std::map<ScriptKind, std::string>{{ScriptKind::post_install, "#!/bin/sh\n"},
                                          {ScriptKind::trigger, "t"}});
  CHECK(package.signature_member().size() == first.size());
  CHECK(package.control_member().size() == second.size());
  CHECK(package.data_member().size() == third.size());
  REQUIRE(package.signatures().size() == 1);
  CHECK(package.signatures()[0].key_name == "me.rsa.pub");
  CHECK(as_text(package.signatures()[0].value) == "value");
  package.verify_data_hash();
  package.verify_identity({sha1(second)});
  CHECK(read_package_data(package).entries.empty());
}

TEST_CASE("package file: without signature section") {
  const Bytes file = joined({control(), empty_data()});
  const auto package = PackageFile::parse(file, "built.apk");
  CHECK(package.signatures().empty());
  CHECK(package.signature_member().empty());
  CHECK(failure_of([&] { (void)package.verify_signature({}); }) ==
        std::pair(ErrorKind::trust, std::string("package built.apk is not signed")));
}

TEST_CASE("package file: wrong checksums name what was expected and found") {
  const Bytes file = joined({control(), empty_data()});
  const auto package = PackageFile::parse(file, "built.apk");
  try {
    package.verify_identity({});
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::trust);
    REQUIRE(error.details().size() == 2);
    CHECK(error.details()[0].second == Identity{}.str());
    CHECK(error.details()[1].second == package.package().identity.str());
  }
  const Bytes other = joined({control(), deflate_gzip(DataTar().directory("x").end().tar(), 6)});
  const auto [kind, message] =
      failure_of([&] { PackageFile::parse(other, "built.apk").verify_data_hash(); });
  CHECK(kind == ErrorKind::trust);
  CHECK(message == "package built.apk has damaged data");
}

TEST_CASE("package file: no datahash") {
  const Bytes file =
      joined({section({{".PKGINFO", "pkgname = a\npkgver = 1\narch = x\n"}}), empty_data()});
  const auto package = PackageFile::parse(file, "a.apk");
  const auto [kind, message] = failure_of([&] { package.verify_data_hash(); });
  CHECK(kind == ErrorKind::trust);
  CHECK(message == "package a.apk does not say which data belongs to it");
}

TEST_CASE("package file: malformed ones are refused") {
  Bytes ended;
  TarWriter writer(ended);
  TarHeader header;
  header.path = ".PKGINFO";
  writer.add(header, as_bytes("pkgname = a\npkgver = 1\narch = x\n"));
  writer.end();
  Bytes damaged = joined({control(), empty_data()});
  damaged[40] ^= std::byte{0x55};
  const Bytes signature = section({{".SIGN.RSA.k", "x"}});
  const std::string big(300000, 'x');
  const std::vector<std::pair<std::string, Bytes>> cases = {
      {"gzip", {}},
      {"gzip", Bytes(1000)},
      {"gzip", damaged},
      {"before its data section", control()},
      {"before its data section", joined({signature, control()})},
      {"gzip", signature},
      {"no .PKGINFO", joined({section({{".trigger", "x"}}), empty_data()})},
      {"no .PKGINFO", joined({deflate_gzip({}, 6), empty_data()})},
      {".PKGINFO twice", joined({control({{".PKGINFO", test::info_text({})}}), empty_data()})},
      {"trigger twice", joined({control({{".trigger", "a"}, {".trigger", "b"}}), empty_data()})},
      {"ends the archive", joined({deflate_gzip(ended, 6), empty_data()})},
      {".INSTALL", joined({control({{".INSTALL", "x"}}), empty_data()})},
      {"'etc' does not belong", joined({control({{"etc", "x"}}), empty_data()})},
      {"'.a/b' does not belong", joined({control({{".a/b", "x"}}), empty_data()})},
      {"section for signatures",
       joined({section({{".SIGN.RSA.k", "x"}, {".PKGINFO", "x"}}), control(), empty_data()})},
      {"300000 bytes", joined({control({{".trigger", big}}), empty_data()})},
      {"line 1", joined({section({{".PKGINFO", "nonsense"}}), empty_data()})},
  };
  for (const auto& test : cases) {
    const auto& expected = test.first;
    const auto& bytes = test.second;
    CAPTURE(expected);
    const std::string message = failure_of([&] { PackageFile::parse(bytes, "built.apk"); }).second;
    CAPTURE(message);
    CHECK(message.find(expected) != std::string::npos);
  }
}

TEST_CASE("package file: limits") {
  const Bytes file = joined({section({{".SIGN.RSA.k", std::string(3000, 'x')}}),
                             control({{".trigger", std::string(3000, 'x')}}), empty_data()});
  CHECK_NOTHROW(PackageFile::parse(file, "built.apk"));
  PackageLimits small_signature;
  small_signature.signature = 2048;
  PackageLimits small_control;
  small_control.control = 2048;
  CHECK_THROWS_AS(PackageFile::parse(file, "built.apk", small_signature), Error);
  CHECK_THROWS_AS(PackageFile::parse(file, "built.apk", small_control), Error);
  const Bytes plain = joined({control({{".trigger", std::string(3000, 'x')}}), empty_data()});
  CHECK_THROWS_AS(PackageFile::parse(plain, "built.apk", small_control), Error);
}

}  // namespace tarn::apk
