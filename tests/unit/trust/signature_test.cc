#include "apk/trust/signature.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "apk/support/file.h"

namespace tarn::apk {
namespace {

Keyring keyring_of(const std::string& name, const PrivateKey& key) {
  Keyring keyring;
  keyring.add(PublicKey::from_pem(name, key.public_pem()));
  return keyring;
}

Error failure_of(const std::vector<Signature>& signatures, std::string_view text,
                 const Keyring& keyring) {
  try {
    verify_signatures(signatures, as_bytes(text), keyring, "thing");
  } catch (const Error& error) {
    return error;
  }
  return {ErrorKind::failed, ""};
}

}  // namespace

TEST_CASE("signature names") {
  struct Case {
    std::string name;
    std::optional<std::pair<SignatureAlgorithm, std::string>> expected;
  };
  const std::vector<Case> cases = {
      {".SIGN.RSA.a@b-1.rsa.pub", std::pair(SignatureAlgorithm::rsa_sha1, "a@b-1.rsa.pub")},
      {".SIGN.RSA256.k", std::pair(SignatureAlgorithm::rsa_sha256, "k")},
      {".SIGN.RSA512.k.l", std::pair(SignatureAlgorithm::rsa_sha512, "k.l")},
      {".SIGN.DSA.k", {}},
      {".SIGN.RSA", {}},
      {".SIGN.RSA.", {}},
      {".SIGN.RSA1.k", {}},
      {".SIGN.", {}},
      {"SIGN.RSA.k", {}},
      {"", {}},
  };
  for (const auto& test : cases) {
    const auto& name = test.name;
    const auto& expected = test.expected;
    CAPTURE(name);
    const auto parsed = parse_signature_name(name);
    CHECK((parsed == expected));
    if (parsed) CHECK(signature_file_name(parsed->first, parsed->second) == name);
  }
}

TEST_CASE("signatures: each algorithm verifies what it signed and nothing else") {
  const auto key = PrivateKey::generate(2048);
  const auto keyring = keyring_of("k", key);
  const std::string text = "signed text";
  for (const auto algorithm : {SignatureAlgorithm::rsa_sha1, SignatureAlgorithm::rsa_sha256,
                               SignatureAlgorithm::rsa_sha512}) {
    const Signature signature{algorithm, "k", key.sign(algorithm, as_bytes(text))};
    CHECK(signature.value == key.sign(algorithm, as_bytes(text)));
    CHECK(verify_signatures({signature}, as_bytes(text), keyring, "thing") == "k");
    CHECK(failure_of({signature}, "signed texT", keyring).message() ==
          "thing has a wrong signature");
    for (const std::size_t at : {std::size_t{0}, std::size_t{100}, signature.value.size() - 1}) {
      Signature flipped = signature;
      flipped.value[at] ^= std::byte{1};
      CHECK(failure_of({flipped}, text, keyring).kind() == ErrorKind::trust);
    }
    Signature shorter = signature;
    shorter.value.pop_back();
    CHECK(failure_of({shorter}, text, keyring).kind() == ErrorKind::trust);
    Signature none = signature;
    none.value.clear();
    CHECK(failure_of({none}, text, keyring).kind() == ErrorKind::trust);
    for (const auto other : {SignatureAlgorithm::rsa_sha1, SignatureAlgorithm::rsa_sha256,
                             SignatureAlgorithm::rsa_sha512}) {
      Signature misnamed = signature;
      misnamed.algorithm = other;
      CHECK((failure_of({misnamed}, text, keyring).kind() == ErrorKind::trust) ==
            (other != algorithm));
    }
  }
}

TEST_CASE("signatures: unsigned, unknown and wrong are told apart") {
  const auto key = PrivateKey::generate(2048);
  const auto other = PrivateKey::generate(2048);
  const auto keyring = keyring_of("known", key);
  const auto algorithm = SignatureAlgorithm::rsa_sha256;
  const Signature good{algorithm, "known", key.sign(algorithm, as_bytes("x"))};
  const Signature wrong{algorithm, "known", other.sign(algorithm, as_bytes("x"))};
  const Signature unknown{algorithm, "stranger", other.sign(algorithm, as_bytes("x"))};

  CHECK(failure_of({}, "x", keyring).message() == "thing is not signed");
  const Error stranger = failure_of({unknown, unknown}, "x", keyring);
  CHECK(stranger.message() == "thing is signed by no trusted key");
  REQUIRE(stranger.details().size() == 1);
  CHECK(stranger.details()[0].second == "stranger, stranger");
  CHECK(failure_of({wrong}, "x", keyring).message() == "thing has a wrong signature");
  CHECK(failure_of({good}, "x", Keyring()).message() == "thing is signed by no trusted key");

  CHECK(verify_signatures({unknown, good}, as_bytes("x"), keyring, "thing") == "known");
  CHECK(verify_signatures({good, wrong}, as_bytes("x"), keyring, "thing") == "known");
  // The first signature by a known key decides.
  CHECK(failure_of({wrong, good}, "x", keyring).message() == "thing has a wrong signature");
}

TEST_CASE("signatures: an EC key verifies no RSA signature") {
  Keyring keyring;
  keyring.add(
      PublicKey::from_pem("k",
                          "-----BEGIN PUBLIC KEY-----\n"
                          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
                          "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
                          "-----END PUBLIC KEY-----\n"));
  const auto key = PrivateKey::generate(2048);
  const auto algorithm = SignatureAlgorithm::rsa_sha1;
  CHECK(
      failure_of({{algorithm, "k", key.sign(algorithm, as_bytes("x"))}}, "x", keyring).message() ==
      "thing has a wrong signature");
}

TEST_CASE("private keys: written, read, refused") {
  const TemporaryDirectory folder(std::filesystem::temp_directory_path() / "tarn-key-");
  const auto key = PrivateKey::generate(2048);
  const auto path = folder.path() / "k.rsa";
  write_file(path, key.pem());
  CHECK(PrivateKey::read(path).public_pem() == key.public_pem());
  CHECK_THROWS_AS(PrivateKey::generate(1024), Error);
  for (const std::string& text :
       {std::string(), std::string("nonsense"), key.public_pem(), key.pem().substr(0, 400)}) {
    write_file(path, text);
    CHECK_THROWS_AS(PrivateKey::read(path), Error);
  }
  CHECK_THROWS_AS(PrivateKey::read(folder.path() / "absent"), Error);
}

}  // namespace tarn::apk
