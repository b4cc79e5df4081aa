#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "builder/layer/compressor.h"
#include "builder/layer/segment_tokens.h"
#include "builder/layer/segments.h"

namespace tarn::builder {

/// Compresses the pieces of one segment. A package's files were compressed before, in the package:
/// where the compressor takes tokens, and the package was compressed densely, no match is searched
/// for again. The octets are a function of what segment_key() hashes.
class SegmentCompressor {
 public:
  /// Both must outlive it.
  SegmentCompressor(const Segment& segment, const PieceCompressor& compressor);

  /// The piece whose tar lies from `begin` on. Thread-safe. What the pieces share is read by
  /// whoever needs it first, and let go with the last piece. Throws what ContentSource::stream()
  /// throws.
  CompressedPiece compress(std::uint64_t begin, ByteView tar);

 private:
  std::shared_ptr<const SegmentTokens> tokens();
  void let_go(std::uint64_t size);

  const Segment& segment_;
  const PieceCompressor& compressor_;
  const ContentSource* source_;  ///< of all contents; none when tokens are of no use
  std::mutex mutex_;             ///< of what follows
  bool is_read_ = false;
  std::shared_ptr<const SegmentTokens> tokens_;
  std::uint64_t left_;  ///< octets not compressed yet
};

}  // namespace tarn::builder
