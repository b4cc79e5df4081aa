#include "builder/signing/keys.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "apk/support/error.h"
#include "apk/support/file.h"

namespace tarn::builder {
namespace {

/// A key file is a few kilobytes; nothing larger is one.
constexpr std::uint64_t largest_key_file = 64U << 10U;
constexpr int smallest_rsa_key = 2048;
constexpr std::array curves = {"prime256v1", "secp384r1", "secp521r1"};

using KeyHandle = std::shared_ptr<evp_pkey_st>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Error bad_key(const std::string& name, const std::string& what) {
  return {ErrorKind::trust, fmt::format("{}: {}", name, what)};
}

bool has_header(const std::string& pem, std::string_view label) {
  return pem.find(fmt::format("-----BEGIN {}-----", label)) != std::string::npos;
}

/// The label of the first PEM block; empty where there is none. The parameters that OpenSSL may put
/// before an EC key do not count.
std::string label_of(const std::string& pem) {
  constexpr std::string_view opening = "-----BEGIN ";
  for (auto at = pem.find(opening); at != std::string::npos; at = pem.find(opening, at)) {
    at += opening.size();
    const auto end = pem.find("-----", at);
    if (end == std::string::npos || end - at > 64) return {};
    const std::string label = pem.substr(at, end - at);
    if (label != "EC PARAMETERS") return label;
  }
  return {};
}

/// What cosign writes is encrypted in a way of its own (scrypt and XSalsa20-Poly1305).
Error sigstore_key(const std::string& name) {
  return bad_key(name, "this is a private key in cosign's own encryption, which tarn does not read")
      .hint(
          "use a key that OpenSSL reads, 'openssl ecparam -name prime256v1 -genkey -noout -out "
          "key.pem'; 'cosign import-key-pair --key key.pem' makes the same key one of cosign's");
}

Error no_public_key(const std::string& name, const std::string& pem) {
  const std::string label = label_of(pem);
  Error error = bad_key(name, "this is no public key in PEM form");
  error.detail("expected", "-----BEGIN PUBLIC KEY-----");
  error.detail("found", label.empty() ? "no PEM" : fmt::format("-----BEGIN {}-----", label));
  if (label.ends_with("PRIVATE KEY"))
    error.hint("'openssl pkey -in KEY -pubout -out PUBLIC' writes its public half");
  else if (label == "CERTIFICATE")
    error.hint("'openssl x509 -in CERTIFICATE -pubkey -noout' prints its public key");
  return error;
}

void check_kind(const std::string& name, EVP_PKEY* key) {
  const int kind = EVP_PKEY_get_base_id(key);
  if (kind == EVP_PKEY_RSA) {
    if (EVP_PKEY_get_bits(key) < smallest_rsa_key)
      throw bad_key(name, fmt::format("an RSA key of {} bits is too small", EVP_PKEY_get_bits(key)))
          .detail("expected", fmt::format("at least {} bits", smallest_rsa_key));
    return;
  }
  if (kind != EVP_PKEY_EC)
    throw bad_key(name, "this is neither an RSA nor an ECDSA key")
        .hint("make one with 'openssl ecparam -name prime256v1 -genkey -noout -out key.pem'");
  std::array<char, 64> curve{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &size) != 1 ||
      std::ranges::none_of(
          curves, [&](const char* known) { return std::strcmp(known, curve.data()) == 0; }))
    throw bad_key(name, "this is an ECDSA key over a curve that is not used for images")
        .detail("expected", "P-256, P-384 or P-521")
        .detail("found", size == 0 ? "a curve without a name" : curve.data());
}

struct PasswordUse {
  const std::optional<std::string>& password;
  bool was_asked_for = false;
};

/// OpenSSL's callback: it gives the password, or fails in place of asking at the terminal.
int give_password(char* buffer, int size, int, void* user) {
  auto& use = *static_cast<PasswordUse*>(user);
  use.was_asked_for = true;
  if (!use.password || use.password->size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, use.password->data(), use.password->size());
  return static_cast<int>(use.password->size());
}

KeyHandle read_private_key(const std::string& name, const std::string& pem,
                           const std::optional<std::string>& password) {
  const Memory source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  PasswordUse use{password};
  KeyHandle key;
  if (source)
    key = {PEM_read_bio_PrivateKey(source.get(), nullptr, &give_password, &use), &EVP_PKEY_free};
  if (key) return key;
  if (use.was_asked_for && !password)
    throw bad_key(name, "the private key is encrypted")
        .hint("put its password into the environment variable TARN_KEY_PASSWORD");
  if (use.was_asked_for) throw bad_key(name, "the password is not the private key's");
  const std::string label = label_of(pem);
  Error error = bad_key(name, "this is no private key in PEM form");
  error.detail("found", label.empty() ? "no PEM" : fmt::format("-----BEGIN {}-----", label));
  if (label == "PUBLIC KEY") error.hint("an image is signed with the private half of a key");
  throw error;
}

DigestContext new_digest_context() {
  return {EVP_MD_CTX_new(), &EVP_MD_CTX_free};
}

bool is_rsa(EVP_PKEY* key) {
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
}

const unsigned char* octets_of(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string read_key_file(const std::filesystem::path& path) {
  return with_context("reading the key " + path.string(),
                      [&] { return read_file(path, largest_key_file); });
}

}  // namespace

VerifyingKey VerifyingKey::from_pem(const std::string& name, const std::string& pem) {
  VerifyingKey key;
  key.name_ = name;
  if (pem.size() > largest_key_file) throw bad_key(name, "this is too large for a key");
  const Memory source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  if (source && has_header(pem, "PUBLIC KEY"))
    key.key_ = {PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
  if (!key.key_) throw no_public_key(name, pem);
  check_kind(name, key.key_.get());
  return key;
}

VerifyingKey VerifyingKey::read(const std::filesystem::path& path) {
  return from_pem(path.string(), read_key_file(path));
}

Sha256Digest VerifyingKey::fingerprint() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) throw bad_key(name_, "the public key cannot be encoded");
  const auto free = [](unsigned char* memory) { OPENSSL_free(memory); };
  const std::unique_ptr<unsigned char, decltype(free)> owner(der, free);
  return sha256(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
}

bool VerifyingKey::verifies(ByteView bytes, ByteView signature) const {
  const DigestContext context = new_digest_context();
  EVP_PKEY_CTX* parameters = nullptr;
  return context &&
         EVP_DigestVerifyInit(context.get(), &parameters, EVP_sha256(), nullptr, key_.get()) == 1 &&
         (!is_rsa(key_.get()) ||
          EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PADDING) == 1) &&
         EVP_DigestVerify(context.get(), octets_of(signature), signature.size(), octets_of(bytes),
                          bytes.size()) == 1;
}

SigningKey SigningKey::from_pem(const std::string& name, const std::string& pem,
                                const std::optional<std::string>& password) {
  if (pem.size() > largest_key_file) throw bad_key(name, "this is too large for a key");
  if (has_header(pem, "ENCRYPTED SIGSTORE PRIVATE KEY") ||
      has_header(pem, "ENCRYPTED COSIGN PRIVATE KEY"))
    throw sigstore_key(name);
  SigningKey key;
  key.verifying_.name_ = name;
  key.verifying_.key_ = read_private_key(name, pem, password);
  check_kind(name, key.verifying_.key_.get());
  return key;
}

SigningKey SigningKey::read(const std::filesystem::path& path,
                            const std::optional<std::string>& password) {
  return from_pem(path.string(), read_key_file(path), password);
}

Bytes SigningKey::sign(ByteView bytes) const {
  EVP_PKEY* const key = verifying_.key_.get();
  const DigestContext context = new_digest_context();
  EVP_PKEY_CTX* parameters = nullptr;
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = signature.size();
  const bool is_done =
      context && EVP_DigestSignInit(context.get(), &parameters, EVP_sha256(), nullptr, key) == 1 &&
      (!is_rsa(key) || EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PADDING) == 1) &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     octets_of(bytes), bytes.size()) == 1;
  if (!is_done) throw bad_key(verifying_.name_, "the crypto library cannot sign with this key");
  signature.resize(size);
  return signature;
}

}  // namespace tarn::builder
