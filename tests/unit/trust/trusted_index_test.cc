#include "apk/trust/trusted_index.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

Bytes small_index() {
  Package package;
  package.name = "a";
  package.version = "1-r0";
  return write_index("test", {package});
}

std::string failure_of(ByteView file, const Keyring& keyring) {
  try {
    read_index(file, keyring, SignaturePolicy::required, "test");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::trust);
    return error.message();
  }
  return "";
}

}  // namespace

TEST_CASE("trusted index: signed and read") {
  const auto key = PrivateKey::generate(2048);
  Keyring keyring;
  keyring.add(PublicKey::from_pem("me.rsa.pub", key.public_pem()));
  for (const auto algorithm : {SignatureAlgorithm::rsa_sha1, SignatureAlgorithm::rsa_sha256,
                               SignatureAlgorithm::rsa_sha512}) {
    const Bytes file = sign_index(small_index(), key, algorithm, "me.rsa.pub");
    const auto index = read_index(file, keyring, SignaturePolicy::required, "test");
    CHECK(index.signer == "me.rsa.pub");
    CHECK(index.description == "test");
    CHECK(index.packages.size() == 1);
    // Signed again, the earlier signature is gone.
    CHECK(sign_index(file, key, algorithm, "me.rsa.pub") == file);
    CHECK(IndexFile::parse(file, "test").signature_files.size() == 1);
  }
}

TEST_CASE("trusted index: unsigned, unknown and wrong are told apart") {
  const auto key = PrivateKey::generate(2048);
  Keyring keyring;
  keyring.add(PublicKey::from_pem("me.rsa.pub", key.public_pem()));
  const Bytes plain = small_index();
  const auto algorithm = SignatureAlgorithm::rsa_sha256;
  CHECK(failure_of(plain, keyring) == "index test is not signed");
  CHECK(failure_of(sign_index(plain, key, algorithm, "you.rsa.pub"), keyring) ==
        "index test is signed by no trusted key");
  const auto other = PrivateKey::generate(2048);
  const Bytes forged = sign_index(plain, other, algorithm, "me.rsa.pub");
  CHECK(failure_of(forged, keyring) == "index test has a wrong signature");
  const auto ignored = read_index(forged, keyring, SignaturePolicy::ignored, "test");
  CHECK(ignored.signer.empty());
  CHECK(ignored.packages.size() == 1);
}

TEST_CASE("trusted index: the real ones are signed by Alpine's keys") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  Keyring keyring;
  keyring.add_folder(*shared / "keys");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"v3.19.1-bootmedia/x86_64", "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub"},
      {"v3.13-bootmedia/aarch64", ""},
      {"v3.22/main/x86_64", "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub"},
  };
  for (const auto& test : cases) {
    const auto& folder = test.first;
    const auto& signer = test.second;
    CAPTURE(folder);
    const auto file = MappedFile::open(*shared / "mirror" / "alpine" / folder / "APKINDEX.tar.gz");
    const auto index = read_index(file.bytes(), keyring, SignaturePolicy::required, folder);
    CHECK_FALSE(index.signer.empty());
    if (!signer.empty()) CHECK(index.signer == signer);
    // A single changed octet anywhere in what is signed is refused.
    Bytes changed(file.bytes().begin(), file.bytes().end());
    for (const std::size_t from_end : {1U, 5U, 9U, 1000U, 7000U}) {
      changed[changed.size() - from_end] ^= std::byte{4};
      CHECK_THROWS_AS(read_index(changed, keyring, SignaturePolicy::required, folder), Error);
      changed[changed.size() - from_end] ^= std::byte{4};
    }
  }
  const auto stranger =
      MappedFile::open(*shared / "mirror" / "thirdparty" / "nginx" / "x86_64" / "APKINDEX.tar.gz");
  CHECK(failure_of(stranger.bytes(), keyring) == "index test is signed by no trusted key");
}

}  // namespace tarn::apk
