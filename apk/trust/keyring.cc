#include "apk/trust/keyring.h"

#include <algorithm>
#include <span>
#include <system_error>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "apk/support/bytes.h"
#include "apk/support/error.h"
#include "apk/support/file.h"

namespace tarn::apk {
namespace {

/// A key file is a few kilobytes; nothing larger is one.
constexpr std::uint64_t key_file_limit = 64U << 10U;

Error no_key(const std::string& name, const std::string& why) {
  return {ErrorKind::trust, "key '" + name + "': " + why};
}

/// What a call of OpenSSL allocated, freed by the function that belongs to it.
template <typename Type, typename Free>
std::unique_ptr<Type, Free> owned(Type* pointer, Free free) {
  return {pointer, free};
}

/// An RSA key among SubjectPublicKeyInfos (RFC 5280, 4.1.2.7; RFC 3279, 2.3.1); null for anything
/// else. OpenSSL's own reader of keys of all kinds takes a millisecond for each, since it asks all
/// its decoders; a keyring may have dozens, of which one is used.
std::shared_ptr<evp_pkey_st> read_rsa_key(ByteView info) {
  const auto* at = reinterpret_cast<const unsigned char*>(info.data());
  const unsigned char* const end = at + info.size();
  long size = 0;
  int tag = 0;
  int tag_class = 0;
  const int form = ASN1_get_object(&at, &size, &tag, &tag_class, end - at);
  if (form != V_ASN1_CONSTRUCTED || tag != V_ASN1_SEQUENCE || at + size != end) return nullptr;
  const auto algorithm = owned(d2i_X509_ALGOR(nullptr, &at, end - at), &X509_ALGOR_free);
  if (!algorithm || OBJ_obj2nid(algorithm->algorithm) != NID_rsaEncryption) return nullptr;
  const auto bits = owned(d2i_ASN1_BIT_STRING(nullptr, &at, end - at), &ASN1_BIT_STRING_free);
  if (!bits || at != end) return nullptr;
  const unsigned char* key_at = ASN1_STRING_get0_data(bits.get());
  const unsigned char* const key_end = key_at + ASN1_STRING_length(bits.get());
  const std::shared_ptr<evp_pkey_st> key(
      d2i_PublicKey(EVP_PKEY_RSA, nullptr, &key_at, key_end - key_at), &EVP_PKEY_free);
  return key_at == key_end ? key : nullptr;
}

std::shared_ptr<evp_pkey_st> read_public_key(const std::string& pem) {
  const auto source = owned(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  unsigned char* info = nullptr;
  long size = 0;
  if (!source || PEM_bytes_read_bio(&info, &size, nullptr, PEM_STRING_PUBLIC, source.get(), nullptr,
                                    nullptr) != 1)
    return nullptr;
  const auto free_memory = [](unsigned char* memory) { OPENSSL_free(memory); };
  const auto owner = owned(info, free_memory);
  const auto bytes = std::as_bytes(std::span(info, static_cast<std::size_t>(size)));
  if (auto rsa = read_rsa_key(bytes)) return rsa;
  const unsigned char* at = info;
  return {d2i_PUBKEY(nullptr, &at, size), &EVP_PKEY_free};
}

/// What is no public key by name and content (a private key beside its public one, a note) is
/// passed over; what claims to be one must be one.
void add_file(const std::filesystem::path& path, Keyring& keyring) {
  const std::string name = path.filename().string();
  std::string content = read_file(path, key_file_limit);
  const bool claims_to_be_key =
      name.ends_with(".pub") || content.find("-----BEGIN PUBLIC KEY-----") != std::string::npos;
  if (claims_to_be_key) keyring.add(PublicKey::from_pem(name, std::move(content)));
}

}  // namespace

PublicKey PublicKey::from_pem(std::string name, std::string pem) {
  if (pem.size() > key_file_limit) throw no_key(name, "too large for a key");
  PublicKey key;
  key.key_ = read_public_key(pem);
  if (!key.key_)
    throw no_key(name, "this is no public key in PEM form")
        .hint("a key file begins with '-----BEGIN PUBLIC KEY-----'");
  const int type = EVP_PKEY_get_base_id(key.key_.get());
  if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC)
    throw no_key(name, "this is neither an RSA nor an EC key");
  key.name_ = std::move(name);
  key.pem_ = std::move(pem);
  return key;
}

Sha256Digest PublicKey::fingerprint() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) throw no_key(name_, "it cannot be encoded");
  const auto free = [](unsigned char* memory) { OPENSSL_free(memory); };
  const std::unique_ptr<unsigned char, decltype(free)> owner(der, free);
  return sha256(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
}

void Keyring::add(PublicKey key) {
  std::string name = key.name();
  keys_.try_emplace(std::move(name), std::move(key));
}

void Keyring::add_folder(const std::filesystem::path& folder) {
  std::error_code status;
  std::vector<std::filesystem::path> paths;
  for (auto entry = std::filesystem::directory_iterator(folder, status);
       !status && entry != std::filesystem::directory_iterator(); entry.increment(status)) {
    const std::string name = entry->path().filename().string();
    std::error_code unreadable;
    if (!name.starts_with('.') && entry->is_regular_file(unreadable))
      paths.push_back(entry->path());
  }
  if (status) throw system_error("reading key folder " + folder.string(), status.value());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths)
    with_context("reading key folder " + folder.string(), [&] { add_file(path, *this); });
}

const PublicKey* Keyring::find(std::string_view name) const {
  const auto found = keys_.find(name);
  return found == keys_.end() ? nullptr : &found->second;
}

}  // namespace tarn::apk
