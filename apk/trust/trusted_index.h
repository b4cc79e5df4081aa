#pragma once

#include <string>

#include "apk/index/index.h"
#include "apk/trust/keyring.h"
#include "apk/trust/signature.h"

namespace tarn::apk {

/// Whether an index must carry a signature that the keyring verifies.
enum class SignaturePolicy { required, ignored };

/// Checks the signatures of APKINDEX.tar.gz without reading what they cover, and gives the name of
/// the key that verified it (empty where `policy` ignores them). `name` is what messages call the
/// file. Throws Error (trust) that tells an unsigned index, one signed only by unknown keys (naming
/// them), and a wrong signature apart; Error (failed) for anything malformed.
std::string verify_index(ByteView file, const Keyring& keyring, SignaturePolicy policy,
                         const std::string& name);

/// Reads APKINDEX.tar.gz: its signature is checked before its text is read, as verify_index() does.
Index read_index(ByteView file, const Keyring& keyring, SignaturePolicy policy,
                 const std::string& name);

/// The index with a signature by `key` put before it (any earlier signatures are dropped);
/// `key_name` is the file name its public key will have.
Bytes sign_index(ByteView file, const PrivateKey& key, SignatureAlgorithm algorithm,
                 const std::string& key_name);

}  // namespace tarn::apk
