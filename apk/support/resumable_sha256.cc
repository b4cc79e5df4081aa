// OpenSSL 3 gives the inner state of a hash only through the functions it calls deprecated; they
// run the same code, with the machine's SHA instructions.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "apk/support/resumable_sha256.h"

#include <algorithm>

#include <openssl/sha.h>

namespace tarn {
namespace {

constexpr std::array<std::uint32_t, 8> initial_words = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
constexpr std::size_t size_at = 32;
constexpr std::size_t rest_at = 40;

template <typename Number>
void store_big_endian(Number number, std::byte* out) {
  for (std::size_t i = sizeof number; i-- > 0; number = static_cast<Number>(number >> 8U))
    out[i] = static_cast<std::byte>(number & 0xffU);
}

template <typename Number>
Number load_big_endian(const std::byte* in) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i)
    number = static_cast<Number>(number << 8U) | static_cast<Number>(in[i]);
  return number;
}

}  // namespace

ResumableSha256::ResumableSha256() : words_(initial_words) {}

std::optional<ResumableSha256> ResumableSha256::resume(const State& state) {
  ResumableSha256 hash;
  for (std::size_t i = 0; i < hash.words_.size(); ++i)
    hash.words_[i] = load_big_endian<std::uint32_t>(state.data() + 4 * i);
  hash.size_ = load_big_endian<std::uint64_t>(state.data() + size_at);
  std::copy_n(state.begin() + rest_at, block_size, hash.rest_.begin());
  const auto unused =
      std::find_if(hash.rest_.begin() + static_cast<std::ptrdiff_t>(hash.pending()),
                   hash.rest_.end(), [](std::byte octet) { return octet != std::byte{0}; });
  if (unused != hash.rest_.end()) return std::nullopt;
  return hash;
}

void ResumableSha256::hash_blocks(const std::byte* blocks, std::size_t count) {
  SHA256_CTX context{};
  std::copy(words_.begin(), words_.end(), context.h);
  context.md_len = SHA256_DIGEST_LENGTH;
  SHA256_Update(&context, blocks, count * block_size);
  std::copy(context.h, context.h + words_.size(), words_.begin());
}

void ResumableSha256::update(ByteView bytes) {
  const std::size_t held = pending();
  size_ += bytes.size();
  if (held + bytes.size() < block_size) {
    std::copy(bytes.begin(), bytes.end(), rest_.begin() + static_cast<std::ptrdiff_t>(held));
    return;
  }
  if (held != 0) {
    const auto missing = static_cast<std::ptrdiff_t>(block_size - held);
    std::copy_n(bytes.begin(), missing, rest_.begin() + static_cast<std::ptrdiff_t>(held));
    hash_blocks(rest_.data(), 1);
    bytes = bytes.subspan(static_cast<std::size_t>(missing));
  }
  const std::size_t blocks = bytes.size() / block_size;
  if (blocks != 0) hash_blocks(bytes.data(), blocks);
  rest_.fill(std::byte{0});
  std::ranges::copy(bytes.subspan(blocks * block_size), rest_.begin());
}

ResumableSha256::State ResumableSha256::state() const {
  State state{};
  for (std::size_t i = 0; i < words_.size(); ++i) store_big_endian(words_[i], state.data() + 4 * i);
  store_big_endian(size_, state.data() + size_at);
  std::copy_n(rest_.begin(), pending(), state.begin() + rest_at);
  return state;
}

Sha256Digest ResumableSha256::digest() const {
  ResumableSha256 last = *this;
  // Padding: a one bit, zeros, the length in bits in the last eight octets of a block.
  Bytes padding(block_size - (size_ + 8) % block_size);
  padding.front() = std::byte{0x80};
  std::array<std::byte, 8> length{};
  store_big_endian(size_ * 8, length.data());
  last.update(padding);
  last.update(length);
  Sha256Digest digest;
  for (std::size_t i = 0; i < words_.size(); ++i)
    store_big_endian(last.words_[i], reinterpret_cast<std::byte*>(digest.octets.data()) + 4 * i);
  return digest;
}

}  // namespace tarn
