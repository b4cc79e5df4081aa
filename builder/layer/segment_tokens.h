#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "apk/support/bytes.h"
#include "builder/layer/deflate_tokens.h"
#include "builder/layer/segments.h"

namespace tarn::builder {

/// Makes the tokens of a segment's tar out of those that a package's data came in: each file keeps
/// the matches that it has there, as far as what they repeat is in the tar, too, and near enough.
/// Only for headers and the rest matches are searched.
///
/// Whatever the package's stream says, the tokens are true for the tar: literals are the tar's own
/// octets, and each match is compared with them.
class SegmentTokens {
 public:
  /// For a segment whose contents all lie in one source: the one that `deflated`, a raw deflate
  /// stream, holds as `size` octets. Nothing when it is not such a stream, or a content lies
  /// outside. The segment must outlive it.
  static std::optional<SegmentTokens> read(const Segment& segment, ByteView deflated,
                                           std::uint64_t size);

  /// The tokens of a piece of the segment, which lies there from `begin` on; they refer to nothing
  /// before it. A function of segment, stream, `begin` and the length of the piece.
  std::vector<DeflateToken> of_piece(std::uint64_t begin, ByteView tar) const;

 private:
  class Piece;
  /// A file's content.
  struct Range {
    std::uint64_t source;   ///< where it begins in the package's data
    std::uint64_t segment;  ///< and in the segment
    std::uint64_t size;
  };

  SegmentTokens(DeflateTokenIndex index, std::vector<Range> ranges);

  DeflateTokenIndex index_;
  std::vector<Range> ranges_;     ///< in order of the segment
  std::vector<Range> by_source_;  ///< in order of the source
};

}  // namespace tarn::builder
