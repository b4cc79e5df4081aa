#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "builder/signing/envelope.h"
#include "builder/signing/simple_signing.h"
#include "unit/signing/sample_keys.h"

namespace tarn::builder {
namespace {

const Sha256Digest signed_digest = sha256(std::string_view("image"));

SigningKey envelope_key(const char* pem) {
  return SigningKey::from_pem("key.pem", pem, std::nullopt);
}

}  // namespace

TEST_CASE("simple signing: the payload's octets are cosign's") {
  const std::string payload =
      write_simple_signing({"registry.example.org/team/base", signed_digest});
  CHECK(payload ==
        R"({"critical":{"identity":{"docker-reference":"registry.example.org/team/base"},)"
        R"("image":{"docker-manifest-digest":)"
        R"("sha256:6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d"},)"
        R"("type":"cosign container image signature"},"optional":null})");
  const auto read = read_simple_signing(payload);
  REQUIRE(read);
  CHECK(*read == SimpleSigning{"registry.example.org/team/base", signed_digest});
}

TEST_CASE("simple signing: others' payloads are read, and what is none is not") {
  const std::string hex = to_hex(signed_digest);
  const std::string image = R"("image":{"docker-manifest-digest":"sha256:)" + hex + R"("})";
  const std::string type = R"("type":"cosign container image signature")";
  // With white space, in another order, with claims, without a reference.
  const auto read = read_simple_signing(
      "{ \"optional\": {\"a\": \"b\", \"n\": 1},\n \"critical\": {" + type + ", " + image + "}}\n");
  REQUIRE(read);
  CHECK(*read == SimpleSigning{"", signed_digest});
  const std::vector<std::string> wrong = {
      "",
      "[]",
      "null",
      "{}",
      "{",
      R"({"critical":[]})",
      R"({"critical":{}})",
      "{\"critical\":{" + image + "}}",
      "{\"critical\":{" + type + "}}",
      "{\"critical\":{" + image + R"(,"type":"atomic container signature"}})",
      "{\"critical\":{" + image + R"(,"type":7}})",
      "{\"critical\":{" + type + R"(,"image":{"docker-manifest-digest":"sha256:00"}}})",
      "{\"critical\":{" + type + R"(,"image":{"docker-manifest-digest":7}}})",
      "{\"critical\":{" + type + R"(,"image":{"docker-manifest-digest":"sha512:)" + hex + "\"}}}",
      "{\"critical\":{" + type + R"(,"image":"sha256:)" + hex + "\"}}",
      std::string(60'000, '['),
  };
  for (const std::string& text : wrong) {
    CAPTURE(text.substr(0, 200));
    CHECK_FALSE(read_simple_signing(text));
  }
}

TEST_CASE("envelopes: a statement's is known again by its type, its octets and the key") {
  const auto key = envelope_key(test::ec_private_key);
  const auto other = envelope_key(test::rsa_private_key);
  const std::string text = sign_envelope("application/x", "payload", key);
  CHECK(is_envelope_of(text, "application/x", "payload", key.verifying_key()));
  CHECK_FALSE(is_envelope_of(text, "application/x", "payload", other.verifying_key()));
  CHECK_FALSE(is_envelope_of(text, "application/x", "payloaD", key.verifying_key()));
  CHECK_FALSE(is_envelope_of(text, "application/y", "payload", key.verifying_key()));
  auto envelope = nlohmann::ordered_json::parse(text);
  CHECK(envelope["payload"] == "cGF5bG9hZA==");
  // DSSE's own encoding of what is signed.
  const auto signature = from_base64(envelope["signatures"][0]["sig"].get<std::string>());
  REQUIRE(signature);
  CHECK(key.verifying_key().verifies(as_bytes("DSSEv1 13 application/x 7 payload"), *signature));
  // A second signature beside it does no harm, and neither does nonsense.
  auto both = envelope;
  both["signatures"].insert(both["signatures"].begin(), {{"sig", "!"}});
  both["signatures"].insert(both["signatures"].begin(), "nonsense");
  CHECK(is_envelope_of(both.dump(), "application/x", "payload", key.verifying_key()));
  envelope["signatures"] = nlohmann::ordered_json::array();
  CHECK_FALSE(is_envelope_of(envelope.dump(), "application/x", "payload", key.verifying_key()));
  CHECK_FALSE(is_envelope_of("[]", "application/x", "payload", key.verifying_key()));
  CHECK_FALSE(is_envelope_of("", "application/x", "payload", key.verifying_key()));
}

}  // namespace tarn::builder
