#include "builder/signing/keys.h"

#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/signing/sample_keys.h"

namespace tarn::builder {
namespace {

using namespace tarn::test;

SigningKey plain_key(const char* pem) {
  return SigningKey::from_pem("key.pem", pem, std::nullopt);
}

/// The message, the details and the hint of what is thrown.
template <typename Function>
std::string refusal(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::trust);
    return error.render();
  }
  FAIL("nothing was refused");
  return {};
}

std::string private_refusal(const std::string& pem, std::optional<std::string> password = {}) {
  return refusal([&] { SigningKey::from_pem("key.pem", pem, password); });
}

std::string public_refusal(const std::string& pem) {
  return refusal([&] { VerifyingKey::from_pem("key.pub", pem); });
}

bool has(const std::string& text, const std::string& part) {
  const bool is_there = text.find(part) != std::string::npos;
  if (!is_there) MESSAGE("'" << part << "' is not in: " << text);
  return is_there;
}

}  // namespace

TEST_CASE("signing keys: a signature of each kind is the key's over these octets alone") {
  for (const char* pem : {ec_private_key, ec_old_private_key, other_private_key, rsa_private_key}) {
    const SigningKey key = plain_key(pem);
    const Bytes signature = key.sign(as_bytes("signed text"));
    CHECK(key.verifying_key().verifies(as_bytes("signed text"), signature));
    CHECK_FALSE(key.verifying_key().verifies(as_bytes("signed texT"), signature));
    CHECK_FALSE(key.verifying_key().verifies(as_bytes(""), signature));
    CHECK_FALSE(key.verifying_key().verifies(as_bytes("signed text"), {}));
    for (std::size_t i = 0; i < signature.size(); i += 7) {
      Bytes changed = signature;
      changed[i] ^= std::byte{1};
      CHECK_FALSE(key.verifying_key().verifies(as_bytes("signed text"), changed));
    }
  }
}

TEST_CASE("signing keys: another key's signature is refused, of the same kind and of another") {
  const std::vector<const char*> keys = {ec_private_key, other_private_key, rsa_private_key};
  for (const char* signer : keys)
    for (const char* verifier : keys)
      CHECK(plain_key(verifier).verifying_key().verifies(
                as_bytes("x"), plain_key(signer).sign(as_bytes("x"))) == (signer == verifier));
}

TEST_CASE("signing keys: what openssl has signed is verified") {
  const auto ec = VerifyingKey::from_pem("ec.pub", ec_public_key);
  const auto rsa = VerifyingKey::from_pem("rsa.pub", rsa_public_key);
  const auto by_ec = from_base64(
      "MEYCIQCxGsYCJZbMw2lX6YCyvsgy9MuUscHwYxKLpc922LdI6wIhAJFQWi+TnJqRU8+FtTXz4qchfqVEVcy0i6UN4R/"
      "VGlO4");
  const auto by_rsa = from_base64(
      "XBT1X/U7dz7zil6BCGZprwjvpFzGBPE42m94rQYC4iRTz0Vup7Xg8KZ7bqYpOYaNyFh71PQ35y8zKkQmIFDFd4W3Sneb"
      "/zd41Vk+1pPikIqDcyg11eIf5HV0Z/fza964dY7L57o0r5jVlCoBYzqRpG7IG6f1JrySMTNPb9xJeLudOEPPbbs8eJOS"
      "9L9vC4xdduvOQx9QoXlI6L0Oj0LTM1pZMb2o/EZLPtfWqXolpxwJDUctgNwDBNPMqUBi1+OyzBco8uejlNhzHxvVYzdX"
      "VH6Ac/+gYWcZ2IJIXeV6KQHFIlAVklNu66ouUtw6HMPCcxDAVC4P8VPusiHhtURDxw==");
  REQUIRE(by_ec);
  REQUIRE(by_rsa);
  CHECK(ec.verifies(as_bytes("signed text"), *by_ec));
  CHECK(rsa.verifies(as_bytes("signed text"), *by_rsa));
  CHECK_FALSE(ec.verifies(as_bytes("signed text"), *by_rsa));
  CHECK_FALSE(rsa.verifies(as_bytes("signed text"), *by_ec));
  // PKCS#1 v1.5 has one signature for each text.
  CHECK(plain_key(rsa_private_key).sign(as_bytes("signed text")) == *by_rsa);
  CHECK(to_hex(ec.fingerprint()) ==
        "194772e2eda6fa97cf5c5dca693e37407d7d37d86e1ca8615a22a65a9a13703e");
  CHECK(plain_key(ec_private_key).verifying_key().fingerprint() == ec.fingerprint());
}

TEST_CASE("signing keys: an encrypted one wants its password, and never asks for it") {
  const auto key = SigningKey::from_pem("key.pem", ec_encrypted_key, "secret");
  const auto known = VerifyingKey::from_pem("ec.pub", ec_public_key);
  CHECK(known.verifies(as_bytes("x"), key.sign(as_bytes("x"))));
  CHECK(has(private_refusal(ec_encrypted_key), "TARN_KEY_PASSWORD"));
  CHECK(has(private_refusal(ec_encrypted_key, "wrong"), "password is not"));
  CHECK(has(private_refusal(ec_encrypted_key, ""), "password is not"));
  CHECK(has(private_refusal(ec_encrypted_key, std::string(5000, 'x')), "password is not"));
  CHECK_NOTHROW(SigningKey::from_pem("key.pem", ec_private_key, "not needed"));
}

TEST_CASE("signing keys: what is no private key is called what it is") {
  CHECK(has(private_refusal(""), "no PEM"));
  CHECK(has(private_refusal("nonsense"), "no PEM"));
  CHECK(has(private_refusal(ec_public_key), "private half"));
  CHECK(has(private_refusal(std::string(ec_private_key).substr(0, 100)), "no private key"));
  CHECK(has(private_refusal("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            "no private key"));
  CHECK(has(private_refusal(std::string(100'000, 'x')), "too large"));
  CHECK(has(private_refusal(small_rsa_key), "1024 bits"));
  CHECK(has(private_refusal(odd_curve_key), "secp256k1"));
  CHECK(has(private_refusal(ed25519_key), "neither an RSA nor an ECDSA"));
  for (const char* label : {"ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"}) {
    const std::string pem =
        std::string("-----BEGIN ") + label + "-----\neyJrZGYi\n-----END " + label + "-----\n";
    CHECK(has(private_refusal(pem, "secret"), "import-key-pair"));
  }
}

TEST_CASE("signing keys: what is no public key is called what it is") {
  CHECK(has(public_refusal(""), "no PEM"));
  CHECK(has(public_refusal(ec_private_key), "-pubout"));
  CHECK(has(public_refusal(ec_old_private_key), "-pubout"));
  CHECK(has(public_refusal("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "openssl x509"));
  CHECK(has(public_refusal("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
            "no public key"));
  CHECK(has(public_refusal(std::string(100'000, 'x')), "too large"));
}

}  // namespace tarn::builder
