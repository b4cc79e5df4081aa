#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "apk/support/bytes.h"
#include "apk/support/hash.h"
#include "builder/layer/deflate_tokens.h"
#include "builder/recipe/recipe.h"

namespace tarn::builder {

/// Segments longer than this are cut at its multiples, so that several threads can share one. Part
/// of the format: never a function of the number of threads or of what is cached.
inline constexpr std::uint64_t piece_size = 4U << 20U;

/// A compressed run of tar.
struct CompressedPiece {
  Bytes bytes;
  std::uint32_t crc = 0;       ///< CRC-32 of the tar
  std::uint64_t tar_size = 0;  ///< octets of tar
};

/// Compresses pieces of tar, each by itself, so that they can be joined into one stream:
/// start(), the pieces in order, end(). Safe to use from several threads at once.
class PieceCompressor {
 public:
  virtual ~PieceCompressor() = default;
  PieceCompressor() = default;
  PieceCompressor(const PieceCompressor&) = delete;
  PieceCompressor& operator=(const PieceCompressor&) = delete;

  virtual CompressedPiece compress(ByteView tar) const = 0;
  /// Whether encode() can be called, and makes about as little of a tar as compress().
  virtual bool takes_tokens() const { return false; }
  /// Makes a piece of what is known of it: `tokens` as encode_deflate takes them. Much faster than
  /// compress(). Throws Error (failed) for a compressor that takes none.
  virtual CompressedPiece encode(ByteView tar, std::span<const DeflateToken> tokens) const;
  /// The tar of a piece that compress() made of `tar_size` octets; nothing when it holds other than
  /// that many. That they are the right ones is for the caller to check.
  virtual std::optional<Bytes> decompress(ByteView compressed, std::uint64_t tar_size) const = 0;
  /// Octets before the first piece.
  virtual Bytes start() const = 0;
  /// Octets after the last; of the CRC-32 and the length of all pieces together.
  virtual Bytes end(std::uint32_t crc, std::uint64_t tar_size) const = 0;
  virtual std::string media_type() const = 0;
  /// All that the bytes depend on besides the tar: codec, level, the library and its version, the
  /// cut.
  virtual std::string identity() const = 0;
};

/// The compressor for a recipe's choice: gzip by libdeflate (level 1 to 12, default 6; the parts of
/// one member), zstd (level 1 to 19, default 9; a frame each) or none.
/// Throws Error (usage) for a level the codec does not have.
std::unique_ptr<PieceCompressor> make_compressor(const Compression& compression);

}  // namespace tarn::builder
