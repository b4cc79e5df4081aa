#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "apk/support/bytes.h"
#include "apk/support/hash.h"

namespace tarn {

/// A running SHA-256 (FIPS 180-4) that can be set down and taken up again, in another process too:
/// of two runs of octets that begin alike, the second is hashed only from where they part.
class ResumableSha256 {
 public:
  static constexpr std::size_t state_size = 32 + 8 + 64;
  /// The hash of all octets given so far, unfinished: the eight chaining words and the length
  /// (big-endian), then those of the last octets that fill no block, padded with zeros.
  using State = std::array<std::byte, state_size>;

  ResumableSha256();
  /// Goes on where the state was taken; nothing when no hash has such a state.
  static std::optional<ResumableSha256> resume(const State& state);

  void update(ByteView bytes);
  State state() const;
  /// The digest of all that was given; more may follow.
  Sha256Digest digest() const;
  /// Octets given.
  std::uint64_t size() const { return size_; }

 private:
  static constexpr std::size_t block_size = 64;
  std::size_t pending() const { return size_ % block_size; }
  void hash_blocks(const std::byte* blocks, std::size_t count);

  std::array<std::uint32_t, 8> words_;
  std::array<std::byte, block_size> rest_{};  ///< the first pending() octets count
  std::uint64_t size_ = 0;
};

}  // namespace tarn
