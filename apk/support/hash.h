#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apk/support/bytes.h"

struct evp_md_ctx_st;

namespace tarn {

/// A digest of N octets. Ordered bytewise, so that it can be a key.
template <std::size_t N>
struct Digest {
  std::array<std::uint8_t, N> octets{};
  auto operator<=>(const Digest&) const = default;
};
using Sha1Digest = Digest<20>;
using Sha256Digest = Digest<32>;
using Sha512Digest = Digest<64>;

/// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);
template <std::size_t N>
std::string to_hex(const Digest<N>& digest) {
  return to_hex(std::as_bytes(std::span(digest.octets)));
}
/// The octets of an even number of hexadecimal digits of either case; nothing otherwise.
std::optional<Bytes> from_hex(std::string_view text);
/// A digest from exactly 2N hexadecimal digits; nothing otherwise.
template <std::size_t N>
std::optional<Digest<N>> digest_from_hex(std::string_view text) {
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != N) return std::nullopt;
  Digest<N> digest;
  for (std::size_t i = 0; i < N; ++i) digest.octets[i] = static_cast<std::uint8_t>((*bytes)[i]);
  return digest;
}

/// Base64 with padding (RFC 4648 §4), without line breaks.
std::string to_base64(ByteView bytes);
std::optional<Bytes> from_base64(std::string_view text);

/// A running hash (OpenSSL's, with the machine's SHA instructions).
template <std::size_t N>
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(ByteView bytes);
  void update(std::string_view text) { update(as_bytes(text)); }
  /// The digest of all that was given; the hasher starts anew.
  Digest<N> finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};
using Sha1 = Hasher<20>;
using Sha256 = Hasher<32>;
using Sha512 = Hasher<64>;
extern template class Hasher<20>;
extern template class Hasher<32>;
extern template class Hasher<64>;

Sha1Digest sha1(ByteView bytes);
Sha256Digest sha256(ByteView bytes);
Sha512Digest sha512(ByteView bytes);
inline Sha1Digest sha1(std::string_view text) {
  return sha1(as_bytes(text));
}
inline Sha256Digest sha256(std::string_view text) {
  return sha256(as_bytes(text));
}

/// CRC-32 as gzip has it (RFC 1952 §8): of `bytes` following what gave `previous`.
std::uint32_t crc32(ByteView bytes, std::uint32_t previous = 0);
/// The CRC-32 of A‖B from those of A and B and the length of B in octets.
std::uint32_t crc32_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_size);

}  // namespace tarn
