#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apk/support/bytes.h"
#include "apk/support/hash.h"

struct evp_pkey_st;

namespace tarn::apk {

/// A public key under the file name by which signatures refer to it
/// ("alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub").
class PublicKey {
 public:
  /// Throws Error (trust) when `pem` is not one PEM SubjectPublicKeyInfo of an RSA or EC key.
  static PublicKey from_pem(std::string name, std::string pem);
  const std::string& name() const { return name_; }
  const std::string& pem() const { return pem_; }
  /// SHA-256 of the DER SubjectPublicKeyInfo: what trust anchors are compared by.
  Sha256Digest fingerprint() const;
  evp_pkey_st* handle() const { return key_.get(); }

 private:
  std::string name_;
  std::string pem_;
  std::shared_ptr<evp_pkey_st> key_;
};

/// The keys that are trusted, by name. The first key of a name stays.
class Keyring {
 public:
  void add(PublicKey key);
  /// Adds every public key among the regular files of `folder` whose names do not begin with '.'.
  /// Throws Error: kind failed when the folder cannot be read, kind trust for a file that says it
  /// is a public key ("….pub", or a PEM header) and cannot be read as one.
  void add_folder(const std::filesystem::path& folder);
  const PublicKey* find(std::string_view name) const;
  /// In order of name.
  const std::map<std::string, PublicKey, std::less<>>& keys() const { return keys_; }
  bool empty() const { return keys_.empty(); }

 private:
  std::map<std::string, PublicKey, std::less<>> keys_;
};

}  // namespace tarn::apk
