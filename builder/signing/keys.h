#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apk/support/bytes.h"
#include "apk/support/hash.h"

struct evp_pkey_st;

namespace tarn::builder {

/// A public key that signatures of images are checked with: RSA of at least 2048 bits (PKCS#1
/// v1.5), or ECDSA over P-256, P-384 or P-521; both over SHA-256.
class VerifyingKey {
 public:
  /// From PEM ("-----BEGIN PUBLIC KEY-----"); `name` is what messages call it. Throws Error (trust)
  /// that says what the text is instead.
  static VerifyingKey from_pem(const std::string& name, const std::string& pem);
  static VerifyingKey read(const std::filesystem::path& path);

  const std::string& name() const { return name_; }
  /// SHA-256 of the DER SubjectPublicKeyInfo, as `openssl pkey -pubin -outform DER | sha256sum`.
  Sha256Digest fingerprint() const;
  /// Whether `signature` (for ECDSA the DER of r and s) is this key's over `bytes`.
  bool verifies(ByteView bytes, ByteView signature) const;

 private:
  friend class SigningKey;
  std::string name_;
  std::shared_ptr<evp_pkey_st> key_;
};

/// A private key of the same kinds.
class SigningKey {
 public:
  /// From PEM: PKCS#8, plain or encrypted, or the forms of RSA and EC keys that OpenSSL writes.
  /// `password` is tried where the key is encrypted. Throws Error (trust) that says what is wrong.
  static SigningKey from_pem(const std::string& name, const std::string& pem,
                             const std::optional<std::string>& password);
  static SigningKey read(const std::filesystem::path& path,
                         const std::optional<std::string>& password);

  Bytes sign(ByteView bytes) const;
  /// The public half, under the same name.
  const VerifyingKey& verifying_key() const { return verifying_; }

 private:
  VerifyingKey verifying_;  ///< whose handle has the private half, too
};

}  // namespace tarn::builder
