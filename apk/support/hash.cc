#include "apk/support/hash.h"

#include <libdeflate.h>
#include <openssl/evp.h>
#include <zlib.h>

#include "apk/support/error.h"

namespace tarn {
namespace {

/// What OpenSSL looks up anew, behind locks, for each hash that begins with EVP_sha256() and the
/// like.
const EVP_MD* algorithm_of_size(std::size_t size) {
  static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static const EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  switch (size) {
    case 20:
      return sha1;
    case 32:
      return sha256;
    default:
      return sha512;
  }
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <std::size_t N>
Digest<N> hash_once(ByteView bytes) {
  Hasher<N> hasher;
  hasher.update(bytes);
  return hasher.finish();
}

}  // namespace

std::string to_hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += digits[value >> 4];
    text += digits[value & 15];
  }
  return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return bytes;
}

std::string to_base64(ByteView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return Bytes{};
  Bytes bytes(text.size() / 4 * 3);
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  // The decoder above skips white space at the ends; only the exact form is Base64 here.
  if (to_base64(bytes) != text) return std::nullopt;
  return bytes;
}

template <std::size_t N>
void Hasher<N>::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

template <std::size_t N>
Hasher<N>::Hasher() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), algorithm_of_size(N), nullptr) != 1)
    throw Error(ErrorKind::failed, "cannot start a hash: the crypto library refused");
}
template <std::size_t N>
Hasher<N>::~Hasher() = default;
template <std::size_t N>
Hasher<N>::Hasher(Hasher&&) noexcept = default;
template <std::size_t N>
Hasher<N>& Hasher<N>::operator=(Hasher&&) noexcept = default;

template <std::size_t N>
void Hasher<N>::update(ByteView bytes) {
  EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

template <std::size_t N>
Digest<N> Hasher<N>::finish() {
  Digest<N> digest;
  EVP_DigestFinal_ex(context_.get(), digest.octets.data(), nullptr);
  EVP_DigestInit_ex(context_.get(), algorithm_of_size(N), nullptr);
  return digest;
}

template class Hasher<20>;
template class Hasher<32>;
template class Hasher<64>;

Sha1Digest sha1(ByteView bytes) {
  return hash_once<20>(bytes);
}
Sha256Digest sha256(ByteView bytes) {
  return hash_once<32>(bytes);
}
Sha512Digest sha512(ByteView bytes) {
  return hash_once<64>(bytes);
}

std::uint32_t crc32(ByteView bytes, std::uint32_t previous) {
  // libdeflate starts anew where there are no octets.
  if (bytes.empty()) return previous;
  return libdeflate_crc32(previous, bytes.data(), bytes.size());
}

std::uint32_t crc32_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_size) {
  return static_cast<std::uint32_t>(
      ::crc32_combine(first, second, static_cast<z_off_t>(second_size)));
}

}  // namespace tarn
