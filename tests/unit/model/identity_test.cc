#include "apk/model/identity.h"

#include <doctest/doctest.h>

namespace tarn::apk {
namespace {

constexpr std::string_view hex = "1323790 1da40381256 28c47cf69a7f0baea8f8e1";

std::string without_spaces(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ') out += c;
  return out;
}

}  // namespace

TEST_CASE("identities: every spelling gives the first 20 octets") {
  const std::string hex40 = without_spaces(hex);
  const auto sha1_octets = from_hex(hex40).value();
  auto sha256_octets = sha1_octets;
  sha256_octets.resize(32, std::byte{0x5a});
  const auto expected = digest_from_hex<20>(hex40).value();
  for (const std::string& text : {
           "Q1" + to_base64(sha1_octets),
           "X1" + to_hex(sha1_octets),
           "Q2" + to_base64(sha256_octets),
           "X2" + to_hex(sha256_octets),
           "Q1" + to_base64(sha256_octets),
       }) {
    CAPTURE(text);
    const auto identity = Identity::parse(text);
    REQUIRE(identity);
    CHECK(identity->digest == expected);
    CHECK(identity->str() == "Q1" + to_base64(sha1_octets));
    CHECK(identity->str().size() == 30);
    CHECK(identity->hex() == hex40);
  }
}

TEST_CASE("identities: what is none") {
  const std::string hex40 = without_spaces(hex);
  for (const std::string& text : {
           std::string(),
           std::string("Q"),
           std::string("Q1"),
           std::string("X1"),
           std::string("Q3EyN5AdpAOBJWKMR89pp/C66o+OE="),
           std::string("Q1EyN5AdpAOBJWKMR89pp/C66o+OE"),
           std::string("Q1EyN5AdpAOBJWKMR89pp/C66o+O!="),
           std::string("Q1EyN5AdpAOBJWKMR89pp/C66o+OE= "),
           std::string("Q2EyN5AdpAOBJWKMR89pp/C66o+OE="),
           std::string("q1EyN5AdpAOBJWKMR89pp/C66o+OE="),
           "X1" + hex40.substr(2),
           "X2" + hex40,
           hex40,
       }) {
    CAPTURE(text);
    CHECK_FALSE(Identity::parse(text));
  }
}

}  // namespace tarn::apk
