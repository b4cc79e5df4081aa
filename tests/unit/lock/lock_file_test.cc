#include "builder/lock/lock_file.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "apk/index/package_text.h"
#include "apk/support/error.h"
#include "apk/trust/signature.h"

namespace tarn::builder {
namespace {

std::string package_block(const apk::Package& package) {
  std::string text;
  apk::append_package_text(text, package);
  return text;
}

apk::Package made_package(const std::string& name, const std::string& version) {
  apk::Package package;
  package.identity.digest = sha1(name + version);
  package.name = name;
  package.version = version;
  package.arch = "x86_64";
  package.size = 1234;
  package.installed_size = 5678;
  package.build_time = 1700000000;
  package.description = "a \"quoted\" text, with \\ and é";
  package.license = "MIT";
  package.provider_priority = 7;
  package.depends = {apk::Dependency::parse("so:libc.musl-x86_64.so.1").value(),
                     apk::Dependency::parse("!other").value(),
                     apk::Dependency::parse("third>=1.2").value()};
  package.provides = {apk::Provide::parse("cmd:" + name + "=" + version).value()};
  package.install_if = {apk::Dependency::parse("docs").value()};
  return package;
}

Lock made_lock() {
  Lock lock;
  lock.recipe = {.repositories = {"https://example.org/main", "@edge ./repo"},
                 .packages = {"app", "lib@edge"},
                 .parts = {{"cmd", sha256("cmd")}, {"contents.keyring", sha256("keys")}},
                 .sources = {{"./app.conf", sha256("conf")}}};
  lock.signatures = apk::SignaturePolicy::ignored;
  lock.keys = {
      apk::PublicKey::from_pem("me.rsa.pub", apk::PrivateKey::generate(2048).public_pem())};
  for (const char* name : {"aarch64", "x86_64"}) {
    LockedArchitecture& architecture = lock.architectures.emplace_back();
    architecture.architecture = name;
    architecture.index_digests = {sha256("one"), sha256("two")};
    architecture.keys = {0};
    architecture.packages = {{made_package("lib", "2.0-r1"), 1, "edge"},
                             {made_package("app", "1.0-r0"), 0, ""}};
  }
  lock.architectures[0].base = sha256("base");
  return lock;
}

/// The message of the Error that reading `text` gives.
std::string fault_of(const std::string& text, ErrorKind kind = ErrorKind::failed) {
  try {
    read_lock(text, "a.lock.json");
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    CHECK_FALSE(error.hint().empty());
    return error.message();
  }
  return "";
}

/// The lock with one value of its JSON set, or taken out (null).
std::string changed(const std::string& pointer, const nlohmann::ordered_json& value) {
  auto json = nlohmann::ordered_json::parse(write_lock(made_lock()));
  const nlohmann::ordered_json::json_pointer place(pointer);
  if (value.is_null())
    json[place.parent_pointer()].erase(place.back());
  else
    json[place] = value;
  return json.dump();
}

}  // namespace

TEST_CASE("lock file: what is written is read again") {
  const Lock lock = made_lock();
  const std::string text = write_lock(lock);
  const Lock read = read_lock(text, "a.lock.json");
  CHECK(write_lock(read) == text);
  CHECK(read.recipe == lock.recipe);
  CHECK(read.signatures == lock.signatures);
  REQUIRE(read.keys.size() == 1);
  CHECK(read.keys[0].pem() == lock.keys[0].pem());
  REQUIRE(read.architectures.size() == 2);
  CHECK(read.find("s390x") == nullptr);
  for (std::size_t a = 0; a < 2; ++a) {
    const LockedArchitecture& was = lock.architectures[a];
    const LockedArchitecture& is = read.architectures[a];
    CHECK(read.find(was.architecture) == &is);
    CHECK(is.index_digests == was.index_digests);
    CHECK(is.base == was.base);
    REQUIRE(is.packages.size() == was.packages.size());
    for (std::size_t i = 0; i < is.packages.size(); ++i) {
      CHECK(package_block(is.packages[i].package) == package_block(was.packages[i].package));
      CHECK(is.packages[i].repository == was.packages[i].repository);
      CHECK(is.packages[i].tag == was.packages[i].tag);
    }
  }
}

TEST_CASE("lock file: a line for each package") {
  Lock lock = made_lock();
  const std::string before = write_lock(lock);
  lock.architectures[1].packages[0].package.size = 99;
  const std::string after = write_lock(lock);
  std::size_t different = 0;
  for (std::size_t a = 0, b = 0; a < before.size();) {
    const auto end_a = before.find('\n', a);
    const auto end_b = after.find('\n', b);
    if (before.substr(a, end_a - a) != after.substr(b, end_b - b)) ++different;
    a = end_a + 1;
    b = end_b + 1;
  }
  CHECK(different == 1);
}

TEST_CASE("lock file: texts of an index that are not UTF-8 come back as they are") {
  Lock lock = made_lock();
  apk::Package& package = lock.architectures[0].packages[0].package;
  package.description = "caf\xe9";
  const Lock read = read_lock(write_lock(lock), "a.lock.json");
  CHECK(package_block(read.architectures[0].packages[0].package) == package_block(package));
}

TEST_CASE("lock file: what is wrong is named") {
  const std::string package = "/architectures/x86_64/packages/1";
  struct Case {
    std::string pointer;
    nlohmann::ordered_json value;
    const char* fault;
  };
  const std::vector<Case> cases = {
      {"/version", "1", "version: a number from 0 on is expected"},
      {"/more", 1, "the member 'more' is not known"},
      {"/keys", nullptr, "the member 'keys' is missing"},
      {"/signatures", "some", "signatures: 'required' or 'ignored' is expected"},
      {"/keys/0/name", "../me.rsa.pub", "keys[0].name: it cannot name a file"},
      {"/keys/0/pem", "no key", "keys[0].pem: "},
      {"/recipe/packages", "app", "recipe.packages: a list is expected"},
      {"/recipe/parts/cmd", "sha256:12", "recipe.parts.cmd: 'sha256:12' is no SHA-256 digest"},
      {"/architectures/pdp11", nlohmann::ordered_json::object(),
       "architectures.pdp11: it is no architecture"},
      {"/architectures/x86_64/keys", {1}, "architectures.x86_64.keys[0]: there is no key 1"},
      {package + "/name", "../app", "architectures.x86_64.packages[1]: "},
      {package + "/version", "1/../../x", "architectures.x86_64.packages[1]: "},
      {package + "/arch", "..", "architectures.x86_64.packages[1]: "},
      {package + "/name", "lib", "packages[1]: another package has the name lib"},
      {package + "/description", "a\nP:evil", "packages[1].description: it has several lines"},
      {package + "/size", -1, "packages[1].size: a number from 0 on is expected"},
      {package + "/size", 1.5, "packages[1].size: a number from 0 on is expected"},
      {package + "/size", nullptr, "packages[1]: the member 'size' is missing"},
      {package + "/checksum", "Q1abc", "packages[1]: "},
      {package + "/checksum", nullptr, "packages[1]: the member 'checksum' is missing"},
      {package + "/repository", 2, "packages[1].repository: there is no repository 2"},
      {package + "/colour", "red", "packages[1]: the member 'colour' is not known"},
      {package + "/tag", "a b", "packages[1].tag: it is no tag"},
      {package + "/index_entry", "!", "packages[1].index_entry: it is not in base64"},
      {package + "/depends", "x=", "packages[1]: the package cannot be installed"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.pointer);
    const std::string fault = fault_of(changed(one.pointer, one.value));
    CAPTURE(fault);
    CHECK(fault.starts_with("a.lock.json: "));
    CHECK(fault.find(one.fault) != std::string::npos);
  }
}

TEST_CASE("lock file: other versions, and no JSON") {
  CHECK(fault_of(changed("/version", 2), ErrorKind::usage)
            .find("this program does not know version 2 of lock files") != std::string::npos);
  CHECK(fault_of("{") == "a.lock.json is no JSON");
  CHECK(fault_of("[]") == "a.lock.json: an object is expected");
  CHECK(fault_of("") == "a.lock.json is no JSON");
  try {
    read_lock("{\n<<<<<<< ours\n", "a.lock.json");
    FAIL("read");
  } catch (const Error& error) {
    CHECK(error.hint().find("conflict of a merge") != std::string::npos);
  }
}

TEST_CASE("lock file: it stands beside the recipe") {
  CHECK(lock_path("x/base.yaml", "") == "x/base.lock.json");
  CHECK(lock_path("base.yml", "debug") == "base.debug.lock.json");
}

}  // namespace tarn::builder
