#include "apk/trust/keyring.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/trust/anchors.h"
#include "apk/trust/signature.h"
#include "unit/shared.h"

namespace tarn::apk {

TEST_CASE("keyring: a folder's public keys, by file name") {
  const TemporaryDirectory folder(std::filesystem::temp_directory_path() / "tarn-keys-");
  const auto key = PrivateKey::generate(2048);
  write_file(folder.path() / "b.rsa.pub", key.public_pem());
  write_file(folder.path() / "a.rsa.pub", key.public_pem());
  write_file(folder.path() / "a.rsa", key.pem());
  write_file(folder.path() / "unusual-name", key.public_pem());
  write_file(folder.path() / ".hidden.pub", std::string_view("nonsense"));
  write_file(folder.path() / "README", std::string_view("keys\n"));
  make_directories(folder.path() / "folder.pub");
  Keyring keyring;
  CHECK(keyring.empty());
  keyring.add_folder(folder.path());
  std::vector<std::string> names;
  for (const auto& [name, value] : keyring.keys()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"a.rsa.pub", "b.rsa.pub", "unusual-name"});
  REQUIRE(keyring.find("a.rsa.pub") != nullptr);
  CHECK(keyring.find("a.rsa.pub")->pem() == key.public_pem());
  CHECK(keyring.find("c") == nullptr);
}

TEST_CASE("keyring: the first key of a name stays") {
  const auto first = PublicKey::from_pem("k", PrivateKey::generate(2048).public_pem());
  const auto second = PublicKey::from_pem("k", PrivateKey::generate(2048).public_pem());
  Keyring keyring;
  keyring.add(first);
  keyring.add(second);
  CHECK(keyring.find("k")->fingerprint() == first.fingerprint());
  CHECK(first.fingerprint() != second.fingerprint());
}

TEST_CASE("keyring: what is no key is refused") {
  const auto key = PrivateKey::generate(2048);
  for (const std::string& pem :
       {std::string(), std::string("nonsense"), key.pem(), key.public_pem().substr(0, 200),
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" + std::string(),
        std::string(100000, 'x'),
        // An Ed25519 key.
        std::string("-----BEGIN PUBLIC KEY-----\n"
                    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                    "-----END PUBLIC KEY-----\n")}) {
    CAPTURE(pem);
    CHECK_THROWS_AS(PublicKey::from_pem("k", pem), Error);
  }
  const TemporaryDirectory folder(std::filesystem::temp_directory_path() / "tarn-keys-");
  write_file(folder.path() / "broken.rsa.pub", std::string_view("nonsense"));
  Keyring keyring;
  CHECK_THROWS_AS(keyring.add_folder(folder.path()), Error);
  CHECK_THROWS_AS(keyring.add_folder(folder.path() / "absent"), Error);
}

TEST_CASE("anchors: well-formed, sorted, unique") {
  std::string_view previous;
  for (const auto& anchor : trust_anchors()) {
    CAPTURE(anchor.key_name);
    CHECK(previous < anchor.key_name);
    previous = anchor.key_name;
    CHECK(digest_from_hex<32>(anchor.fingerprint).has_value());
    CHECK_FALSE(anchor.architectures.empty());
    CHECK(find_anchor(anchor.key_name) == &anchor);
    CHECK(anchor_url(anchor) == "https://alpinelinux.org/keys/" + std::string(anchor.key_name));
  }
  CHECK(find_anchor("nobody") == nullptr);
}

TEST_CASE("anchors: another key of an anchor's name does not match") {
  const std::string name(trust_anchors().front().key_name);
  CHECK_FALSE(matches_anchor(PublicKey::from_pem(name, PrivateKey::generate(2048).public_pem())));
}

TEST_CASE("anchors: every real key of Alpine matches, no other does") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  Keyring keyring;
  keyring.add_folder(*shared / "keys");
  std::size_t matching = 0;
  for (const auto& test : keyring.keys()) {
    const auto& name = test.first;
    const auto& key = test.second;
    CAPTURE(name);
    CHECK(matches_anchor(key) == name.starts_with("alpine-devel@"));
    if (matches_anchor(key)) ++matching;
    CHECK_FALSE(matches_anchor(PublicKey::from_pem("renamed", key.pem())));
  }
  CHECK(matching == trust_anchors().size());
}

}  // namespace tarn::apk
