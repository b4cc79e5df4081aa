#include "builder/provenance/statement.h"

#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "builder/lock/lock_file.h"
#include "unit/signing/sample_keys.h"

namespace tarn::builder {
namespace {

apk::PlannedPackage planned(const std::string& name, std::size_t repository) {
  apk::PlannedPackage made;
  made.package.name = name;
  made.package.version = "1.0-r0";
  made.package.arch = "x86_64";
  made.package.identity.digest = sha1(name);
  made.repository = repository;
  return made;
}

apk::Repository repository(const std::string& url) {
  apk::Repository made;
  made.url = Url::parse(url).value();
  return made;
}

/// Two architectures, of which one was built, from three repositories.
struct RecordedSample {
  Lock lock;
  Provenance build{.subjects = {},
                   .recipe = "base.yaml",
                   .variant = {},
                   .facts = {},
                   .architectures = {"x86_64"},
                   .annotations = {},
                   .source_date_epoch = {},
                   .lock = lock,
                   .lock_file = {},
                   .repositories = {},
                   .base_image = {}};

  RecordedSample() {
    lock.recipe = {.repositories = {"https://example.org/main", "./local", "/srv/own"},
                   .packages = {"app"},
                   .parts = {{"cmd", sha256("cmd")}},
                   .sources = {{"./app.conf", sha256("conf")}}};
    lock.keys = {apk::PublicKey::from_pem("me.rsa.pub", test::rsa_public_key)};
    for (const char* name : {"aarch64", "x86_64"}) {
      LockedArchitecture& architecture = lock.architectures.emplace_back();
      architecture.architecture = name;
      architecture.index_digests = {sha256("one"), sha256("two"), sha256("three")};
      architecture.keys = {0};
      architecture.packages = {planned("lib", 1), planned("app", 0), planned("own", 2)};
    }
    build.facts = lock.recipe;
    build.subjects = {{"pkg:oci/base@sha256%3A00?arch=amd64", sha256("manifest"), "linux/amd64"},
                      {"pkg:oci/base@sha256%3A01", sha256("index"), ""}};
    build.repositories = {repository("https://user:word@example.org/main"), repository("./local"),
                          repository("/srv/own")};
  }

  nlohmann::ordered_json write() const {
    return nlohmann::ordered_json::parse(write_provenance(build).text);
  }
};

}  // namespace

TEST_CASE("provenance: the statement as it is written, whole") {
  const RecordedSample sample;
  const auto hex = [](std::string_view text) { return to_hex(sha256(text)); };
  const std::string content =
      R"({"repositories":["https://example.org/main","./local","/srv/own"],"packages":["app"],)"
      R"("parts":{"cmd":"sha256:)" +
      hex("cmd") + R"("},"sources":{"./app.conf":"sha256:)" + hex("conf") + R"("}})";
  const std::string lock = to_hex(sha256(write_lock(sample.lock)));
  const std::string package_end = R"("},"annotations":{"architecture":"x86_64")";
  const std::string expected =
      R"({"_type":"https://in-toto.io/Statement/v1","subject":[)"
      R"({"name":"pkg:oci/base@sha256%3A00?arch=amd64","digest":{"sha256":")" +
      hex("manifest") +
      R"("},"annotations":{"platform":"linux/amd64"}},)"
      R"({"name":"pkg:oci/base@sha256%3A01","digest":{"sha256":")" +
      hex("index") +
      R"("}}],)"
      R"("predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{)"
      R"("buildType":"https://tarn.invalid/provenance/build/v1","externalParameters":{)"
      R"("recipe":{"name":"base.yaml","digest":{"sha256":")" +
      hex(content) + R"("},"content":)" + content +
      R"(},"architectures":["x86_64"],"packageSboms":false,"mediaTypes":"oci"},)"
      R"("internalParameters":{"indexSignatures":"required","lock":{"origin":"build",)"
      R"("digest":{"sha256":")" +
      lock +
      R"("}}},"resolvedDependencies":[)"
      R"({"name":"base.yaml","digest":{"tarnRecipeSha256":")" +
      hex(content) +
      R"("}},)"
      R"({"name":"./app.conf","digest":{"tarnSourceSha256":")" +
      hex("conf") +
      R"("}},)"
      R"({"name":"me.rsa.pub","digest":{"sha256":")" +
      hex(test::rsa_public_key) +
      R"("}},)"
      R"({"name":"APKINDEX","uri":"https://example.org/main/x86_64/APKINDEX.tar.gz",)"
      R"("digest":{"sha256":")" +
      hex("one") +
      R"("}},)"
      R"({"name":"APKINDEX","annotations":{"path":"./local/x86_64/APKINDEX.tar.gz"},)"
      R"("digest":{"sha256":")" +
      hex("two") +
      R"("}},)"
      R"({"name":"APKINDEX","uri":"file:///srv/own/x86_64/APKINDEX.tar.gz",)"
      R"("digest":{"sha256":")" +
      hex("three") +
      R"("}},)"
      R"({"name":"lib-1.0-r0","annotations":{"path":"./local/x86_64/lib-1.0-r0.apk",)"
      R"("architecture":"x86_64"},"digest":{"apkControlSha1":")" +
      to_hex(sha1("lib")) +
      R"("}},)"
      R"({"name":"app-1.0-r0","uri":"https://example.org/main/x86_64/app-1.0-r0.apk",)"
      R"("digest":{"apkControlSha1":")" +
      to_hex(sha1("app")) + package_end +
      R"(}},)"
      R"({"name":"own-1.0-r0","uri":"file:///srv/own/x86_64/own-1.0-r0.apk",)"
      R"("digest":{"apkControlSha1":")" +
      to_hex(sha1("own")) + package_end +
      R"(}}]},)"
      R"("runDetails":{"builder":{"id":"https://tarn.invalid/builder","version":{"tarn":"0.1.0"}}}}})";
  const JsonBlob statement = write_provenance(sample.build);
  CHECK(statement.text == expected);
  CHECK(statement.media_type == "application/vnd.in-toto+json");
  CHECK(statement.digest == sha256(statement.text));
}

TEST_CASE("provenance: what was asked for is told") {
  RecordedSample sample;
  sample.build.variant = "slim";
  sample.build.annotations = {{"b", "2"}, {"a", "1"}};
  sample.build.source_date_epoch = 1'700'000'000;
  sample.build.has_package_sboms = true;
  sample.build.has_docker_types = true;
  sample.build.lock_file = "base.slim.lock.json";
  sample.build.base_image = "docker://example.org/floor";
  sample.build.builder = "https://ci.example.org/jobs/7";
  sample.lock.architectures[1].base = sha256("floor");
  sample.lock.signatures = apk::SignaturePolicy::ignored;
  const auto predicate = sample.write()["predicate"];
  const auto& definition = predicate["buildDefinition"];
  const auto& external = definition["externalParameters"];
  CHECK(external["recipe"]["variant"] == "slim");
  CHECK(external["annotations"].dump() == R"({"a":"1","b":"2"})");
  CHECK(external["sourceDateEpoch"] == 1'700'000'000);
  CHECK(external["packageSboms"] == true);
  CHECK(external["mediaTypes"] == "docker");
  CHECK(definition["internalParameters"]["indexSignatures"] == "ignored");
  CHECK(definition["internalParameters"]["lock"]["origin"] == "file");
  CHECK(predicate["runDetails"]["builder"]["id"] == "https://ci.example.org/jobs/7");
  const std::string dependencies = definition["resolvedDependencies"].dump();
  CHECK(dependencies.find(R"({"name":"base.slim.lock.json","digest":{"sha256":")" +
                          to_hex(sha256(write_lock(sample.lock)))) != std::string::npos);
  CHECK(dependencies.find(R"({"name":"docker://example.org/floor","digest":{"sha256":")" +
                          to_hex(sha256("floor"))) != std::string::npos);
}

TEST_CASE("provenance: what several architectures share stands once") {
  RecordedSample sample;
  sample.build.architectures = {"aarch64", "x86_64"};
  const auto dependencies = sample.write()["predicate"]["buildDefinition"]["resolvedDependencies"];
  // Recipe, source and key, and for each architecture three indexes and three packages.
  CHECK(dependencies.size() == 3 + 2 * 6);
}

TEST_CASE("provenance: a text that is not UTF-8 is refused") {
  RecordedSample sample;
  sample.build.facts.sources = {{"./\xff", sha256("conf")}};
  CHECK_THROWS_AS(write_provenance(sample.build), Error);
}

}  // namespace tarn::builder
