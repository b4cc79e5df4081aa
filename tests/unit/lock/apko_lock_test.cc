#include "builder/lock/apko_lock.h"

#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

/// As apko writes it; the fields after "checksum" of the configuration are shortened.
constexpr const char* apko_lock_text = R"({
  "version": "v1",
  "config": {
    "name": "apko.yaml",
    "checksum": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  },
  "contents": {
    "keyring": [
      {"name": "packages.wolfi.dev/os/wolfi-signing.rsa.pub",
       "url": "https://packages.wolfi.dev/os/wolfi-signing.rsa.pub"}
    ],
    "build_repositories": [],
    "runtime_repositories": [],
    "repositories": [
      {"name": "dl-cdn.alpinelinux.org/alpine/v3.19/main/x86_64",
       "url": "https://dl-cdn.alpinelinux.org/alpine/v3.19/main/x86_64/APKINDEX.tar.gz",
       "architecture": "x86_64"}
    ],
    "packages": [
      {"name": "musl",
       "url": "https://dl-cdn.alpinelinux.org/alpine/v3.19/main/x86_64/musl-1.2.4_git20230717-r4.apk",
       "version": "1.2.4_git20230717-r4",
       "architecture": "x86_64",
       "signature": {"range": "bytes=0-667", "checksum": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
       "control": {"range": "bytes=668-1104", "checksum": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
       "data": {"range": "bytes=1105-622592",
                "checksum": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
       "checksum": "Q12jmj7l5rSw0yVb/vlWAYkK/YBwk="},
      {"name": "musl",
       "url": "./repo/aarch64/musl-1.2.4_git20230717-r4.apk",
       "version": "1.2.4_git20230717-r4",
       "architecture": "arm64",
       "checksum": "Q12jmj7l5rSw0yVb/vlWAYkK/YBwk="}
    ]
  }
})";

TEST_CASE("apko's lock: packages, checksums, the configuration's checksum") {
  const ApkoLock lock = read_apko_lock(apko_lock_text, "apko.lock.json");
  REQUIRE(lock.configuration);
  CHECK(*lock.configuration == sha256(std::string_view()));
  REQUIRE(lock.packages.size() == 2);
  CHECK(lock.packages[0].label() == "musl-1.2.4_git20230717-r4");
  CHECK(lock.packages[0].architecture == "x86_64");
  CHECK(lock.packages[0].url.host() == "dl-cdn.alpinelinux.org");
  CHECK(lock.packages[0].identity.str() == "Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=");
  CHECK(lock.packages[0].data == sha256(std::string_view()));
  CHECK(lock.packages[1].architecture == "aarch64");
  CHECK(lock.packages[1].url.is_local());
  CHECK_FALSE(lock.packages[1].data);
}

TEST_CASE("apko's lock: what is not used may be anything, or missing") {
  auto json = nlohmann::ordered_json::parse(apko_lock_text);
  json.erase("config");
  json["newer"] = {1, 2};
  json["contents"].erase("keyring");
  json["contents"]["packages"][0]["control"] = "none";
  json["contents"]["packages"][0]["data"] = nlohmann::ordered_json::object();
  const ApkoLock lock = read_apko_lock(json.dump(), "apko.lock.json");
  CHECK_FALSE(lock.configuration);
  CHECK_FALSE(lock.packages[0].data);
}

TEST_CASE("apko's lock: what is wrong is named") {
  struct Case {
    const char* pointer;
    nlohmann::ordered_json value;
    const char* message;
  };
  const Case cases[] = {
      {"/version", "v2", "version: this program knows version v1 of apko's lock files"},
      {"/version", 1, "version: a text is expected"},
      {"/config/checksum", "sha256-AAAA", "config.checksum: it is no SHA-256 checksum"},
      {"/config/checksum", "sha1-AAAA", "config.checksum: it is no SHA-256 checksum"},
      {"/contents/packages", 1, "contents.packages: a list is expected"},
      {"/contents/packages/0/name", "../musl", "contents.packages[0].name: it is no name"},
      {"/contents/packages/0/architecture", "pdp11",
       "contents.packages[0].architecture: it is no architecture"},
      {"/contents/packages/0/url", "gopher://a/b", "contents.packages[0].url: it is no URL"},
      {"/contents/packages/1/checksum", "Q1!",
       "contents.packages[1].checksum: it is no checksum of a package"},
      {"/contents/packages/1/version", nlohmann::ordered_json(),
       "contents.packages[1].version: a text is expected"},
      {"/contents/packages/1/architecture", "x86_64",
       "contents.packages[1]: another package has the name musl"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.pointer);
    auto json = nlohmann::ordered_json::parse(apko_lock_text);
    json[nlohmann::ordered_json::json_pointer(one.pointer)] = one.value;
    try {
      read_apko_lock(json.dump(), "apko.lock.json");
      FAIL("it was read");
    } catch (const Error& error) {
      CHECK(error.message() == std::string("apko.lock.json: ") + one.message);
      CHECK(error.hint().find("apko lock") != std::string::npos);
    }
  }
  CHECK_THROWS_AS(read_apko_lock("{", "apko.lock.json"), Error);
}

}  // namespace
}  // namespace tarn::builder
