#pragma once

#include <cstdint>

#include "apk/support/bytes.h"

namespace tarn::builder {

/// The final block of a raw deflate stream (RFC 1951), in bits from the start of the stream, the
/// least significant bit of an octet first.
struct FinalBlock {
  std::uint64_t begin = 0;  ///< its first bit, which says that it is final
  std::uint64_t end = 0;    ///< behind its last
  std::uint64_t size = 0;   ///< octets that the whole stream holds
};

/// Reads the stream's codes, but makes no data of them, which is several times faster than
/// inflating. Throws Error (failed) when there is no whole stream.
FinalBlock find_final_block(ByteView deflated);

}  // namespace tarn::builder
