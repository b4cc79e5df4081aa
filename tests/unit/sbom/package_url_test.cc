#include "builder/sbom/package_url.h"

#include <doctest/doctest.h>

#include "builder/sbom/sbom.h"

using namespace tarn;
using namespace tarn::builder;

TEST_CASE("package url: parts are encoded, qualifiers sorted, and read back") {
  struct Case {
    PackageUrl url;
    const char* text;
  };
  const Case cases[] = {
      {{"apk", "alpine", "musl", "1.2.4-r2", {}}, "pkg:apk/alpine/musl@1.2.4-r2"},
      {{"apk", "alpine", "libstdc++", "13.2.1_git20231014-r0", {{"distro", "a b"}, {"arch", "x"}}},
       "pkg:apk/alpine/libstdc%2B%2B@13.2.1_git20231014-r0?arch=x&distro=a%20b"},
      {{"oci", "", "base", "sha256:12", {{"repository_url", "localhost:5000/base"}}},
       "pkg:oci/base@sha256%3A12?repository_url=localhost%3A5000%2Fbase"},
      {{"github", "a/b", "c", "", {}}, "pkg:github/a/b/c"},
      {{"generic", "", "\xc3\xa9", "%", {}}, "pkg:generic/%C3%A9@%25"},
  };
  for (const Case& item : cases) {
    CHECK(item.url.str() == item.text);
    CHECK(PackageUrl::parse(item.text) == item.url);
  }
  CHECK(PackageUrl::parse("pkg:APK/alpine/a@1?x=#sub")->str() == "pkg:apk/alpine/a@1");
  CHECK(PackageUrl::parse("pkg://apk/alpine/a")->name == "a");
}

TEST_CASE("package url: what is none is refused") {
  for (const char* text :
       {"", "pkg:", "pkg:apk", "apk/alpine/a", "pkg:/a", "pkg:apk/", "pkg:apk/@1", "pkg:apk/a%2",
        "pkg:apk/a%zz", "pkg:apk/a?=b", "pkg:apk/a?b"}) {
    CAPTURE(text);
    CHECK_FALSE(PackageUrl::parse(text).has_value());
  }
}

TEST_CASE("package url: of packages and images") {
  apk::Package package;
  package.name = "libcrypto3";
  package.version = "3.1.4-r5";
  package.arch = "x86_64";
  package.origin = "openssl";
  Distribution distribution;
  CHECK(package_url(package, distribution) ==
        "pkg:apk/linux/libcrypto3@3.1.4-r5?arch=x86_64&distro=linux&origin=openssl");
  distribution.id = "alpine";
  distribution.version = "3.19.1";
  package.name = package.origin = "Upper";
  CHECK(package_url(package, distribution) ==
        "pkg:apk/alpine/upper@3.1.4-r5?arch=x86_64&distro=alpine-3.19.1");

  const Sha256Digest digest{};
  const std::string version = "@sha256%3A" + std::string(64, '0');
  CHECK(image_url("", digest, "amd64").empty());
  CHECK(image_url("base:1", digest, "amd64") == "pkg:oci/base" + version + "?arch=amd64&tag=1");
  CHECK(image_url("localhost:5000/team/base", digest, "") ==
        "pkg:oci/base" + version + "?repository_url=localhost%3A5000%2Fteam%2Fbase&tag=latest");
  const std::string by_digest = "localhost:5000/base@sha256:" + std::string(64, '0');
  CHECK(image_url(by_digest, digest, "") ==
        "pkg:oci/base" + version + "?repository_url=localhost%3A5000%2Fbase");
}
