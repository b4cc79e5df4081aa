#include "apk/trust/signature.h"

#include <array>
#include <utility>

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "apk/support/error.h"
#include "apk/support/file.h"

namespace tarn::apk {
namespace {

constexpr std::string_view signature_prefix = ".SIGN.";
constexpr unsigned smallest_key = 2048;
constexpr std::uint64_t key_file_limit = 64U << 10U;

constexpr std::array<std::pair<std::string_view, SignatureAlgorithm>, 3> algorithms = {{
    {"RSA", SignatureAlgorithm::rsa_sha1},
    {"RSA256", SignatureAlgorithm::rsa_sha256},
    {"RSA512", SignatureAlgorithm::rsa_sha512},
}};

const EVP_MD* hash_of(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::rsa_sha1:
      return EVP_sha1();
    case SignatureAlgorithm::rsa_sha256:
      return EVP_sha256();
    case SignatureAlgorithm::rsa_sha512:
      return EVP_sha512();
  }
  return nullptr;
}

using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

DigestContext new_digest_context() {
  return {EVP_MD_CTX_new(), &EVP_MD_CTX_free};
}

Error crypto_failure(const std::string& doing) {
  return {ErrorKind::failed, doing + ": the crypto library refused"};
}

const unsigned char* octets(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

/// Whether `signature` is that of `bytes` by `key` (RSA, PKCS#1 v1.5).
bool is_genuine(const Signature& signature, ByteView bytes, const PublicKey& key) {
  if (EVP_PKEY_get_base_id(key.handle()) != EVP_PKEY_RSA) return false;
  const auto context = new_digest_context();
  EVP_PKEY_CTX* parameters = nullptr;
  return context &&
         EVP_DigestVerifyInit(context.get(), &parameters, hash_of(signature.algorithm), nullptr,
                              key.handle()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PADDING) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature.value), signature.value.size(),
                          octets(bytes), bytes.size()) == 1;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

std::optional<std::pair<SignatureAlgorithm, std::string>> parse_signature_name(
    std::string_view file_name) {
  if (!file_name.starts_with(signature_prefix)) return std::nullopt;
  file_name.remove_prefix(signature_prefix.size());
  for (const auto& [text, algorithm] : algorithms) {
    if (!file_name.starts_with(text)) continue;
    const auto rest = file_name.substr(text.size());
    if (rest.size() < 2 || rest.front() != '.') continue;
    return std::pair(algorithm, std::string(rest.substr(1)));
  }
  return std::nullopt;
}

std::string signature_file_name(SignatureAlgorithm algorithm, std::string_view key_name) {
  for (const auto& [text, value] : algorithms)
    if (value == algorithm) return fmt::format("{}{}.{}", signature_prefix, text, key_name);
  throw Error(ErrorKind::failed, "unknown signature algorithm");
}

std::string verify_signatures(const std::vector<Signature>& signatures, ByteView signed_bytes,
                              const Keyring& keyring, const std::string& what) {
  if (signatures.empty())
    throw Error(ErrorKind::trust, what + " is not signed")
        .detail("expected", "a signature by one of the trusted keys")
        .detail("found", "no signature of a known kind");
  std::string unknown;
  for (const Signature& signature : signatures) {
    const PublicKey* key = keyring.find(signature.key_name);
    if (key == nullptr) {
      unknown += (unknown.empty() ? "" : ", ") + signature.key_name;
      continue;
    }
    if (!is_genuine(signature, signed_bytes, *key))
      throw Error(ErrorKind::trust, what + " has a wrong signature")
          .detail("key", signature.key_name)
          .hint(
              "it was damaged or changed after it was signed, or the key is another one of the "
              "same name");
    return signature.key_name;
  }
  throw Error(ErrorKind::trust, what + " is signed by no trusted key")
      .detail("signed by", unknown)
      .hint("add the public key to the keyring if you trust its owner");
}

PrivateKey PrivateKey::read(const std::filesystem::path& path) {
  const std::string pem = read_file(path, key_file_limit);
  const Memory source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  // An encrypted key must fail, not ask at the terminal.
  const auto refuse = [](char*, int, int, void*) { return -1; };
  PrivateKey key;
  if (source)
    key.key_ = {PEM_read_bio_PrivateKey(source.get(), nullptr, refuse, nullptr), &EVP_PKEY_free};
  if (!key.key_ || EVP_PKEY_get_base_id(key.key_.get()) != EVP_PKEY_RSA)
    throw Error(
        ErrorKind::trust,
        fmt::format("{}: this is no unencrypted private RSA key in PEM form", path.string()));
  return key;
}

PrivateKey PrivateKey::generate(unsigned bits) {
  if (bits < smallest_key)
    throw Error(ErrorKind::usage,
                fmt::format("a key of {} bits is too small: at least {}", bits, smallest_key));
  PrivateKey key;
  key.key_ = {EVP_RSA_gen(bits), &EVP_PKEY_free};
  if (!key.key_) throw crypto_failure("generating a key");
  return key;
}

std::string PrivateKey::pem() const {
  const Memory memory(BIO_new(BIO_s_mem()), &BIO_free);
  if (!memory || PEM_write_bio_PrivateKey(memory.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                          nullptr) != 1)
    throw crypto_failure("encoding a private key");
  return text_of(memory.get());
}

std::string PrivateKey::public_pem() const {
  const Memory memory(BIO_new(BIO_s_mem()), &BIO_free);
  if (!memory || PEM_write_bio_PUBKEY(memory.get(), key_.get()) != 1)
    throw crypto_failure("encoding a public key");
  return text_of(memory.get());
}

Bytes PrivateKey::sign(SignatureAlgorithm algorithm, ByteView bytes) const {
  const auto context = new_digest_context();
  EVP_PKEY_CTX* parameters = nullptr;
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
  std::size_t size = signature.size();
  const bool done =
      context &&
      EVP_DigestSignInit(context.get(), &parameters, hash_of(algorithm), nullptr, key_.get()) ==
          1 &&
      EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PADDING) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     octets(bytes), bytes.size()) == 1;
  if (!done) throw crypto_failure("signing");
  signature.resize(size);
  return signature;
}

}  // namespace tarn::apk
