#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "apk/support/bytes.h"

namespace tarn {

/// One gzip member (RFC 1952) taken from the start of a run of octets.
struct GzipMember {
  Bytes data;                   ///< what it holds, inflated
  std::size_t compressed_size;  ///< octets of the member, header to trailer
};

/// Inflates the gzip member at the start of `input`; CRC-32 and length of its trailer are checked.
/// Throws Error (failed) when there is none, it is damaged or cut short, or it would hold more than
/// `limit` octets. Memory is taken as the data comes, never by what the member says of itself.
GzipMember inflate_gzip_member(ByteView input, std::size_t limit);

/// Inflates a run of octets that is exactly one gzip member to its end, in one shot (several times
/// faster than inflate_gzip_member, for large members). Throws as that does, and when anything
/// follows the member.
Bytes inflate_whole_gzip(ByteView input, std::size_t limit);

/// What the trailer at the end of a gzip member says of its inflated size, modulo 4 GiB: not to be
/// relied on before it was inflated. 0 for what is too short to be one.
std::uint32_t gzip_stated_size(ByteView member);

/// The raw deflate stream (RFC 1951) of a run of octets that is exactly one gzip member, if its
/// header says that it was compressed as densely as its maker could (as `gzip -9` does) and has no
/// optional fields. The octets are not looked at further.
std::optional<ByteView> densest_deflate_stream(ByteView member);

/// The compressed size of the gzip member at the start of `input` without keeping its data.
/// Nothing when `input` does not begin with a whole, sound member.
std::optional<std::size_t> gzip_member_size(ByteView input, std::size_t limit);

/// One gzip member of `data`: no name, no time, so a function of data and level (1 to 12) alone.
Bytes deflate_gzip(ByteView data, int level);

}  // namespace tarn
