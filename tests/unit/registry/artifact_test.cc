#include "builder/registry/artifact.h"

#include <cstdlib>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "builder/registry/client.h"
#include "builder/registry/curl_client.h"
#include "unit/registry/fake_registry.h"

using namespace tarn;
using namespace tarn::builder;
using namespace tarn::test;

namespace {

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";

Artifact sample(const JsonBlob& subject, const std::string& text) {
  Artifact artifact;
  artifact.artifact_type = "application/spdx+json";
  artifact.files.push_back({text, sha256(text), "application/spdx+json"});
  artifact.annotations["org.opencontainers.image.created"] = "2026-01-01T00:00:00Z";
  artifact.subject_type = subject.media_type;
  artifact.subject = subject.digest;
  artifact.subject_size = subject.text.size();
  return artifact;
}

JsonBlob subject_manifest() {
  const std::string text = "{}";
  return {text, sha256(text), manifest_type};
}

nlohmann::json listed(RegistrySession& session, const Sha256Digest& subject) {
  const auto index = get_manifest(session, referrers_tag(subject));
  REQUIRE(index.has_value());
  return nlohmann::json::parse(index->text)["manifests"];
}

}  // namespace

TEST_CASE("artifact: without the API it is listed under the tag, once, beside the others") {
  FakeWorld world;
  RegistrySession session(world.world(), "registry.example.org", "a");
  const JsonBlob subject = subject_manifest();
  const JsonBlob first = push_artifact(session, sample(subject, "one"));
  const JsonBlob second = push_artifact(session, sample(subject, "two"));
  push_artifact(session, sample(subject, "two"));
  const auto entries = listed(session, subject.digest);
  REQUIRE(entries.size() == 2);
  CHECK(entries[0]["digest"] == sha256_of(first.text));
  CHECK(entries[1]["digest"] == sha256_of(second.text));
  CHECK(entries[1]["artifactType"] == "application/spdx+json");
  CHECK(entries[1]["annotations"]["org.opencontainers.image.created"] == "2026-01-01T00:00:00Z");
  const auto manifest = nlohmann::json::parse(first.text);
  CHECK(manifest["subject"]["digest"] == sha256_of(subject.text));
  CHECK(manifest["layers"][0]["digest"] == sha256_of("one"));
}

TEST_CASE("artifact: a registry that lists referrers itself gets no tag") {
  FakeWorld world;
  world.registry.has_referrers = true;
  RegistrySession session(world.world(), "registry.example.org", "a");
  const JsonBlob subject = subject_manifest();
  push_artifact(session, sample(subject, "one"));
  CHECK_FALSE(get_manifest(session, referrers_tag(subject.digest)).has_value());
}

TEST_CASE("artifact: another writer's entry between reading and writing is not lost") {
  FakeWorld world;
  RegistrySession session(world.world(), "registry.example.org", "a");
  const JsonBlob subject = subject_manifest();
  const std::string tag = "/v2/a/manifests/" + referrers_tag(subject.digest);
  const std::string others = R"({"schemaVersion":2,"manifests":[{"digest":"sha256:other"}]})";
  int writes = 0;
  world.registry.interfere = [&](const HttpRequest& request,
                                 std::size_t) -> std::optional<HttpResponse> {
    if (request.method != "PUT" || request.url.path() != tag || ++writes != 1) return std::nullopt;
    // The other writes last.
    world.registry.manifests[tag] = {"application/vnd.oci.image.index.v1+json", others};
    return reply(201);
  };
  push_artifact(session, sample(subject, "one"));
  CHECK(listed(session, subject.digest).size() == 2);
}

// Run by tests/cli/registry.bats, which has a real registry.
TEST_CASE("artifact: pushed to a real registry") {
  const char* registry = std::getenv("TARN_TEST_REGISTRY");
  if (registry == nullptr) {
    MESSAGE("skipped: TARN_TEST_REGISTRY names no registry");
    return;
  }
  CurlClient http({});
  const Hosts hosts{HostOptions{}};
  SilentProgress progress;
  const RegistryWorld world{
      .http = http,
      .hosts = hosts,
      .credentials = [](const std::string&, const std::string&) -> std::optional<Credentials> {
        return std::nullopt;
      },
      .progress = progress,
      .stop = {}};
  RegistrySession session(world, registry, "tests/artifact");
  const auto subject = get_manifest(session, "1");
  REQUIRE(subject.has_value());
  push_artifact(session, sample(*subject, "one"));
  push_artifact(session, sample(*subject, "two"));
  CHECK(listed(session, subject->digest).size() == 2);
  std::string got;
  get_blob(session, sha256("two"), 100, [&](ByteView bytes) { got += as_text(bytes); });
  CHECK(got == "two");
}
