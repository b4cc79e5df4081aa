#include "builder/signing/sign_image.h"

#include <algorithm>
#include <optional>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "builder/registry/client.h"
#include "builder/signing/simple_signing.h"
#include "unit/registry/fake_registry.h"
#include "unit/signing/sample_keys.h"

namespace tarn::builder {
namespace {

using namespace tarn::test;

constexpr const char* image_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* list_type = "application/vnd.oci.image.index.v1+json";

JsonBlob manifest_blob(const std::string& text, const char* type = image_type) {
  return {text, sha256(text), type};
}

/// A registry with an image, and two keys.
struct SigningWorld {
  FakeWorld fake;
  RegistrySession session{fake.world(), "registry.example.org", "a"};
  JsonBlob image = manifest_blob("{}");
  SigningKey key = SigningKey::from_pem("ec.pem", ec_private_key, std::nullopt);
  SigningKey other = SigningKey::from_pem("rsa.pem", rsa_private_key, std::nullopt);

  SigningWorld() { put_manifest(session, image, "1"); }

  std::string path(const Sha256Digest& digest) const {
    return "/v2/a/manifests/" + signature_tag(digest);
  }
  nlohmann::json signatures(const Sha256Digest& digest) {
    return nlohmann::json::parse(fake.registry.manifests.at(path(digest)).second);
  }
  void set_signatures(const Sha256Digest& digest, const nlohmann::json& manifest) {
    fake.registry.manifests[path(digest)] = {image_type, manifest.dump()};
  }
  /// What is said where the image has no signature of the key.
  std::string refusal(const VerifyingKey& by, const Sha256Digest& digest) {
    try {
      check_image_signature(session, digest, by);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::trust);
      return error.render();
    }
    FAIL("it was not refused");
    return {};
  }
};

bool says(const std::string& text, const std::string& part) {
  const bool is_there = text.find(part) != std::string::npos;
  if (!is_there) MESSAGE("'" << part << "' is not in: " << text);
  return is_there;
}

}  // namespace

TEST_CASE("sign_image: cosign's layout, and each key once") {
  SigningWorld world;
  const Sha256Digest& digest = world.image.digest;
  CHECK(says(world.refusal(world.key.verifying_key(), digest), "is not signed"));
  CHECK(sign_image(world.session, digest, world.key) == Addition::made);
  CHECK(sign_image(world.session, digest, world.key) == Addition::there);
  CHECK(sign_image(world.session, digest, world.other) == Addition::made);
  CHECK(sign_image(world.session, digest, world.key) == Addition::there);
  const auto manifest = world.signatures(digest);
  CHECK(manifest["schemaVersion"] == 2);
  CHECK(manifest["mediaType"] == image_type);
  REQUIRE(manifest["layers"].size() == 2);
  const auto& layer = manifest["layers"][0];
  CHECK(layer["mediaType"] == "application/vnd.dev.cosign.simplesigning.v1+json");
  const std::string payload = write_simple_signing({"registry.example.org/a", digest});
  CHECK(layer["digest"] == sha256_of(payload));
  CHECK(layer["size"] == payload.size());
  const auto signature =
      from_base64(layer["annotations"]["dev.cosignproject.cosign/signature"].get<std::string>());
  REQUIRE(signature);
  CHECK(world.key.verifying_key().verifies(as_bytes(payload), *signature));
  // The config lists as many layers as there are.
  const auto config_digest =
      digest_from_hex<32>(manifest["config"]["digest"].get<std::string>().substr(7));
  REQUIRE(config_digest);
  const auto config = nlohmann::json::parse(fetch_payload(world.session, *config_digest, 10'000));
  CHECK(config["rootfs"]["diff_ids"].size() == 2);
  check_image_signature(world.session, digest, world.key.verifying_key());
  check_image_signature(world.session, digest, world.other.verifying_key());
}

TEST_CASE("sign_image: a wrong key, another image's signature and a changed one are refused") {
  SigningWorld world;
  const Sha256Digest& digest = world.image.digest;
  sign_image(world.session, digest, world.key);
  CHECK(says(world.refusal(world.other.verifying_key(), digest), "a signature by another key"));

  const JsonBlob changed = manifest_blob(R"({"changed":true})");
  put_manifest(world.session, changed, "1");
  CHECK(says(world.refusal(world.key.verifying_key(), changed.digest), "no signature under"));
  // The signature of the one is put under the tag of the other.
  world.set_signatures(changed.digest, world.signatures(digest));
  const std::string refused = world.refusal(world.key.verifying_key(), changed.digest);
  CHECK(says(refused, "a signature by this key over another image"));
  CHECK(says(refused, to_hex(digest)));
  // Which does not keep the key from signing the other.
  CHECK(sign_image(world.session, changed.digest, world.key) == Addition::made);
  check_image_signature(world.session, changed.digest, world.key.verifying_key());

  auto manifest = world.signatures(digest);
  auto& annotation = manifest["layers"][0]["annotations"]["dev.cosignproject.cosign/signature"];
  for (const char* wrong : {"", "!", "AAAA"}) {
    annotation = wrong;
    world.set_signatures(digest, manifest);
    CHECK(says(world.refusal(world.key.verifying_key(), digest), "a signature"));
  }
}

TEST_CASE("sign_image: one valid signature suffices, whatever stands beside it") {
  SigningWorld world;
  const Sha256Digest& digest = world.image.digest;
  sign_image(world.session, digest, world.key);
  auto manifest = world.signatures(digest);
  manifest["annotations"]["kept"] = "yes";
  const auto layer = manifest["layers"][0];
  auto& layers = manifest["layers"];
  auto gone = layer;
  gone["digest"] = sha256_of("gone");
  auto huge = layer;
  huge["size"] = 1ULL << 40U;
  auto typed = layer;
  typed["mediaType"] = "text/plain";
  auto unsized = layer;
  unsized["size"] = -1;
  layers = {nlohmann::json::object(), gone, huge, typed, unsized};
  world.set_signatures(digest, manifest);
  CHECK_THROWS_AS(check_image_signature(world.session, digest, world.key.verifying_key()), Error);
  layers.push_back(layer);
  world.set_signatures(digest, manifest);
  check_image_signature(world.session, digest, world.key.verifying_key());
  // What another has put there stays.
  CHECK(sign_image(world.session, digest, world.other) == Addition::made);
  CHECK(world.signatures(digest)["layers"].size() == 7);
  CHECK(world.signatures(digest)["annotations"]["kept"] == "yes");
}

TEST_CASE("sign_image: a payload that is not there is the registry's failure, not a wrong key") {
  SigningWorld world;
  sign_image(world.session, world.image.digest, world.key);
  world.fake.registry.blobs["a"].clear();
  try {
    check_image_signature(world.session, world.image.digest, world.key.verifying_key());
    FAIL("it was not refused");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::network);
  }
}

TEST_CASE("sign_image: what is no list of signatures is not overwritten") {
  SigningWorld world;
  const Sha256Digest& digest = world.image.digest;
  for (const auto& [type, text] :
       std::vector<std::pair<const char*, const char*>>{{image_type, "{"},
                                                        {image_type, "[]"},
                                                        {image_type, R"({"layers":{}})"},
                                                        {image_type, R"({"layers":["x"]})"},
                                                        {list_type, R"({"layers":[]})"}}) {
    world.fake.registry.manifests[world.path(digest)] = {type, text};
    CHECK_THROWS_AS(sign_image(world.session, digest, world.key), Error);
    CHECK(world.fake.registry.manifests[world.path(digest)].second == text);
  }
  nlohmann::json many = {{"layers", nlohmann::json::array()}};
  for (int i = 0; i < 1001; ++i) many["layers"].push_back(nlohmann::json::object());
  world.set_signatures(digest, many);
  CHECK(says(world.refusal(world.key.verifying_key(), digest), "1001 signatures"));
}

TEST_CASE("sign_image: another signer's entry between reading and writing is not lost") {
  SigningWorld world;
  const Sha256Digest& digest = world.image.digest;
  sign_image(world.session, digest, world.other);
  const auto others = world.signatures(digest);
  world.fake.registry.manifests.erase(world.path(digest));
  int writes = 0;
  world.fake.registry.interfere = [&](const HttpRequest& request,
                                      std::size_t) -> std::optional<HttpResponse> {
    if (request.method != "PUT" || request.url.path() != world.path(digest) || ++writes != 1)
      return std::nullopt;
    // The other writes last.
    world.set_signatures(digest, others);
    return reply(201);
  };
  CHECK(sign_image(world.session, digest, world.key) == Addition::made);
  check_image_signature(world.session, digest, world.key.verifying_key());
  check_image_signature(world.session, digest, world.other.verifying_key());
}

TEST_CASE("attest_image: a statement stands once for each key, another beside it") {
  SigningWorld world;
  const Sha256Digest& digest = world.image.digest;
  const JsonBlob one = manifest_blob(R"({"one":1})", "application/vnd.in-toto+json");
  const JsonBlob two = manifest_blob(R"({"two":2})", "application/vnd.in-toto+json");
  const auto attest = [&](const JsonBlob& statement, const SigningKey& key) {
    return attest_image(world.session, digest, statement, "https://slsa.dev/provenance/v1", key);
  };
  CHECK(attest(one, world.key) == Addition::made);
  CHECK(attest(one, world.key) == Addition::there);
  CHECK(attest(two, world.key) == Addition::made);
  CHECK(attest(one, world.other) == Addition::made);
  const auto manifest = nlohmann::json::parse(
      world.fake.registry.manifests.at("/v2/a/manifests/" + attestation_tag(digest)).second);
  REQUIRE(manifest["layers"].size() == 3);
  CHECK(manifest["layers"][0]["mediaType"] == "application/vnd.dsse.envelope.v1+json");
  CHECK(manifest["layers"][0]["annotations"]["predicateType"] == "https://slsa.dev/provenance/v1");
  // cosign wants the member, empty.
  CHECK(manifest["layers"][0]["annotations"]["dev.cosignproject.cosign/signature"] == "");
}

TEST_CASE("digests_below: an index is signed with all that it lists, each once") {
  SigningWorld world;
  const JsonBlob second = manifest_blob(R"({"second":true})");
  put_manifest(world.session, second, "2");
  const auto entry = [](const JsonBlob& blob) {
    return nlohmann::json{{"digest", "sha256:" + to_hex(blob.digest)}};
  };
  const JsonBlob inner = manifest_blob(
      nlohmann::json{{"manifests", {entry(second), entry(world.image)}}}.dump(), list_type);
  put_manifest(world.session, inner, "inner");
  const JsonBlob outer = manifest_blob(
      nlohmann::json{{"manifests", {entry(world.image), entry(inner)}}}.dump(), list_type);
  CHECK(digests_below(world.session, outer) ==
        std::vector{outer.digest, world.image.digest, inner.digest, second.digest});
  CHECK(digests_below(world.session, second) == std::vector{second.digest});

  for (const char* text : {R"({"manifests":{}})", R"({"manifests":["x"]})", R"([])", "{",
                           R"({"manifests":[{"digest":"md5:0"}]})"})
    CHECK_THROWS_AS(digests_below(world.session, manifest_blob(text, list_type)), Error);
  // It would become part of a URL.
  CHECK_THROWS_WITH_AS(
      digests_below(world.session,
                    manifest_blob(R"({"manifests":[{"digest":"sha256:../../x"}]})", list_type)),
      doctest::Contains("without a sha256 digest"), Error);
  const JsonBlob absent = manifest_blob("absent");
  CHECK_THROWS_AS(digests_below(world.session,
                                manifest_blob(nlohmann::json{{"manifests", {entry(absent)}}}.dump(),
                                              list_type)),
                  Error);
}

TEST_CASE("digests_below: indexes in indexes have an end") {
  SigningWorld world;
  JsonBlob top = world.image;
  for (int i = 0; i < 6; ++i) {
    const std::string digest = "sha256:" + to_hex(top.digest);
    nlohmann::json list = {{"manifests", nlohmann::json::array()}};
    list["manifests"].push_back({{"digest", digest}});
    top = manifest_blob(list.dump(), list_type);
    put_manifest(world.session, top, "level" + std::to_string(i));
  }
  CHECK_THROWS_AS(digests_below(world.session, top), Error);
}

}  // namespace tarn::builder
