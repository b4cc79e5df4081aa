#include "apk/database/installed.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "unit/shared.h"

using tarn::Error;
using namespace tarn::apk;

namespace {

/// Every field there is.
const std::string full_entry =
    "C:Q1TD/6b5L/7zTai/me+k/PJePFscE=\n"
    "P:svc\n"
    "V:2.0-r1\n"
    "A:x86_64\n"
    "S:1548\n"
    "I:50\n"
    "T:svc test\n"
    "U:http://x\n"
    "L:MIT\n"
    "o:svc\n"
    "m:M <m@x>\n"
    "t:1700000000\n"
    "c:0123456789abcdef0123456789abcdef01234567\n"
    "k:7\n"
    "D:base libz>=1\n"
    "p:so:libsvc.so.1=1.0.0 virt\n"
    "i:base !other\n"
    "g:one two\n"
    "r:old<3 base\n"
    "q:5\n"
    "s:edge\n"
    "f:xS\n"
    "F:\n"
    "R:top\n"
    "Z:Q1NA47SSoWDXF2kCrPvksGcXpAcK0=\n"
    "F:etc\n"
    "M:0:42:750:Q1hr1FnqNgNQ0mwirxoX84NenB9Q8=\n"
    "R:svc.conf\n"
    "a:100:101:640\n"
    "Z:Q1NA47SSoWDXF2kCrPvksGcXpAcK0=\n"
    "F:usr\n"
    "F:usr/bin\n"
    "R:fifo\n"
    "R:svc\n"
    "a:0:0:755:Q1hr1FnqNgNQ0mwirxoX84NenB9Q8=\n"
    "Z:Q1IHKmlWE+UQPZrAPCiFxeJlbLX/A=\n"
    "\n";

const std::string head =
    "C:Q1TD/6b5L/7zTai/me+k/PJePFscE=\n"
    "P:svc\n"
    "V:2.0-r1\n";

InstalledPackage named(std::string name) {
  InstalledPackage installed;
  installed.package.name = std::move(name);
  installed.package.version = "1-r0";
  return installed;
}

std::string message_of(const std::string& text) {
  try {
    parse_installed(text, "db");
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

}  // namespace

TEST_CASE("installed: every field is read and written again") {
  const std::vector<InstalledPackage> packages = parse_installed(full_entry, "db");
  REQUIRE(packages.size() == 1);
  const InstalledPackage& svc = packages[0];
  CHECK(svc.package.label() == "svc-2.0-r1");
  CHECK(svc.package.provider_priority == 7);
  CHECK(svc.package.install_if.size() == 2);
  CHECK(svc.package.replaces.size() == 2);
  CHECK(svc.package.replaces_priority == 5);
  CHECK(svc.tags == std::vector<std::string>{"one", "two"});
  CHECK(svc.repository_tag == "edge");
  CHECK(svc.flags == "xS");
  REQUIRE(svc.directories.size() == 4);
  CHECK(svc.directories[1].access.gid == 42);
  CHECK(svc.directories[1].access.mode == 0750);
  CHECK(svc.directories[1].access.xattrs.has_value());
  CHECK(svc.directories[1].files[0].access.mode == 0640);
  CHECK(svc.directories[3].files[0].access.mode == 0644);
  CHECK_FALSE(svc.directories[3].files[0].checksum.has_value());
  CHECK(installed_text(packages) == full_entry);
}

TEST_CASE("installed: packages in order of name, files in order of octets") {
  std::vector<InstalledPackage> packages = {named("b"), named("C"), named("a"), named("B")};
  for (const char* path : {"z", "y"}) packages[2].directories.emplace_back().path = path;
  for (const char* name : {"b", "a", "B"}) {
    packages[2].directories[0].files.emplace_back().name = name;
  }
  packages[2].directories[0].files[0].access.mode = 0777;
  std::vector<std::string> order;
  for (const auto* package : in_database_order(packages)) order.push_back(package->package.name);
  CHECK(order == std::vector<std::string>{"a", "B", "b", "C"});
  CHECK(installed_text(packages).find("F:z\nR:B\nR:a\nR:b\na:0:0:777\nF:y\n\n") !=
        std::string::npos);
}

TEST_CASE("installed: digest of extended attributes") {
  CHECK_FALSE(xattr_digest({}).has_value());
  // The octets written out: BE32 length, name, BE32 length, value.
  const std::string octets("\0\0\0\6user.a\0\0\0\1x\0\0\0\6user.b\0\0\0\0", 29);
  CHECK(xattr_digest({{"user.b", ""}, {"user.a", "x"}}) == tarn::sha1(octets));
}

TEST_CASE("installed: what is wrong is told with its line") {
  struct Case {
    std::string text;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"P:svc\nF:usr\n\n", "db:2: a package's files before its identity (C:)"},
      {"C:Q1TD/6b5L/7zTai/me+k/PJePFscE=\nV:1\n\n", "db:3: a package without a name (P:)"},
      {"P:svc\nV:1\n\n", "db:3: a package without an identity (C:)"},
      {head + "y:1\n\n", "db:4: unknown field y:"},
      {head + "what\n\n", "db:4: not a field: expected 'X:value'"},
      {head + "f:z\n\n", "db:4: unknown flags 'z'"},
      {head + "q:-1\n\n", "db:4: bad number '-1'"},
      {head + "r:a==1\n\n", "db:4: bad dependency 'a==1'"},
      {head + "R:x\n\n", "db:4: R: without a directory (F:)"},
      {head + "F:usr\nM:0:0:755\nM:0:0\n\n", "db:6: bad owner and mode '0:0'"},
      {head + "F:usr\nR:x\nM:0:0:755\n\n", "db:6: M: is out of place"},
      {head + "F:usr\na:0:0:755\n\n", "db:5: a: is out of place"},
      {head + "F:usr\nR:x\na:0:0:10000\n\n", "db:6: bad owner and mode '0:0:10000'"},
      {head + "F:usr\nR:x\na:0:0:755:\n\n", "db:6: bad owner and mode '0:0:755:'"},
      {head + "F:usr\nR:x\na:0:0:755:Q1\n\n", "db:6: bad owner and mode '0:0:755:Q1'"},
      {head + "F:usr\nR:x\na:4294967296:0:755\n\n", "db:6: bad owner and mode '4294967296:0:755'"},
      {head + "F:usr\nR:x\nZ:none\n\n", "db:6: bad checksum 'none'"},
      {head + "F:/usr\n\n", "db:4: bad directory '/usr'"},
      {head + "F:usr/\n\n", "db:4: bad directory 'usr/'"},
      {head + "F:usr/../etc\n\n", "db:4: bad directory 'usr/../etc'"},
      {head + "F:usr\nR:a/b\n\n", "db:5: bad file name 'a/b'"},
      {head + "F:usr\nR:..\n\n", "db:5: bad file name '..'"},
      {head + "F:usr\nD:base\n\n", "db:5: the field D: stands behind the package's files"},
      {head + "F:usr", "db:4: the last line is cut short"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(message_of(c.text) == c.message);
  }
  CHECK(parse_installed("", "db").empty());
  CHECK(parse_installed("\n\n", "db").empty());
  CHECK(parse_installed(head, "db").size() == 1);
}

TEST_CASE("installed: databases of real roots are read and written again") {
  const auto shared = tarn::test::shared_folder();
  if (!shared) return;
  for (const char* name : {"alpine-base", "aarch64-base-no-scripts", "base", "git",
                           "minirootfs-3.19.4", "nginx-php"}) {
    CAPTURE(name);
    const std::string text = tarn::read_file(*shared / "oracle" / name / "installed");
    CHECK(installed_text(parse_installed(text, name)) == text);
  }
}
