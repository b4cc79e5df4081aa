#include "builder/sbom/distribution.h"

#include <doctest/doctest.h>

#include "builder/sbom/maintainer.h"

using namespace tarn::builder;

TEST_CASE("distribution: os-release is read as a shell reads it") {
  const Distribution read = parse_os_release(
      "# a comment\n\nNAME=\"Alpine \\\"Linux\\\"\"\nID=Alpine\nVERSION_ID='3.19.1'\nodd line\n"
      "PRETTY_NAME=bare\r\nHOME_URL=\"x\"");
  CHECK(read.name == "Alpine \"Linux\"");
  CHECK(read.id == "alpine");
  CHECK(read.version == "3.19.1");
  CHECK(read.pretty_name == "bare");
  CHECK(parse_os_release("").id == "linux");
  CHECK(parse_os_release("ID=\n").id == "linux");
}

TEST_CASE("distribution: a link to usr/lib is followed, and usr/lib found without etc") {
  Rootfs rootfs;
  CHECK(distribution_of(rootfs).id == "linux");
  rootfs.write_file("usr/lib/os-release", "ID=wolfi\n", Owner{});
  CHECK(distribution_of(rootfs).id == "wolfi");
  rootfs.write_file("etc/os-release", "ID=alpine\n", Owner{});
  CHECK(distribution_of(rootfs).id == "alpine");
}

TEST_CASE("maintainer: name and address") {
  struct Case {
    const char* text;
    const char* name;
    const char* email;
  };
  const Case cases[] = {
      {"Natanael Copa <ncopa@alpinelinux.org>", "Natanael Copa", "ncopa@alpinelinux.org"},
      {"ncopa@alpinelinux.org", "ncopa@alpinelinux.org", "ncopa@alpinelinux.org"},
      {" Somebody ", "Somebody", ""},
      {"", "", ""},
      {"<a@b.org>", "a@b.org", "a@b.org"},
      {"Odd <not an address>", "Odd", ""},
      {"Odd <a@b..org>", "Odd", ""},
      {"Odd <a@>", "Odd", ""},
  };
  for (const Case& item : cases) {
    CAPTURE(item.text);
    CHECK(parse_maintainer(item.text).name == item.name);
    CHECK(parse_maintainer(item.text).email == item.email);
  }
}
