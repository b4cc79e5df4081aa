#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apk/support/bytes.h"
#include "apk/trust/keyring.h"

struct evp_pkey_st;

namespace tarn::apk {

enum class SignatureAlgorithm { rsa_sha1, rsa_sha256, rsa_sha512 };

/// One `.SIGN.ALGORITHM.KEYNAME` of a package or index.
struct Signature {
  SignatureAlgorithm algorithm;
  std::string key_name;
  Bytes value;
};

/// What `.SIGN.…` says by its file name: nothing for a name of another form or for an algorithm
/// tarn does not know (such a signature is skipped).
std::optional<std::pair<SignatureAlgorithm, std::string>> parse_signature_name(
    std::string_view file_name);
std::string signature_file_name(SignatureAlgorithm algorithm, std::string_view key_name);

/// Tries the signatures in order: the first whose key is in `keyring` decides. Gives that key's
/// name. Throws Error (trust): no signature at all, no known key (names them), or a signature that
/// is wrong (names the key). `what` is what the message calls the signed thing.
std::string verify_signatures(const std::vector<Signature>& signatures, ByteView signed_bytes,
                              const Keyring& keyring, const std::string& what);

/// A private RSA key (PEM, unencrypted).
class PrivateKey {
 public:
  static PrivateKey read(const std::filesystem::path& path);
  /// A new one; `bits` at least 2048.
  static PrivateKey generate(unsigned bits);
  std::string pem() const;
  std::string public_pem() const;
  Bytes sign(SignatureAlgorithm algorithm, ByteView bytes) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace tarn::apk
