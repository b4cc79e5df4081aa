#pragma once

#include <cstdint>

#include "apk/support/bytes.h"

namespace tarn::builder {

/// One gzip stream (RFC 1952) of a single member whose parts are compressed apart from each other:
/// gzip_start(), the parts made joinable, gzip_end().

/// The header: no name, no time, no operating system.
Bytes gzip_start();

/// Turns a whole raw deflate stream (RFC 1951) into one that others can follow: its final block is
/// no longer marked final, and an empty stored block fills it to a whole octet where it does not
/// end on one. An empty stream is joinable as it is.
/// Throws Error (failed) when `deflated` is not exactly one whole stream of `expected_size` octets.
Bytes make_joinable(Bytes deflated, std::uint64_t expected_size);

/// What make_joinable() gave, as a stream that ends: with a final, empty block.
Bytes end_deflate_stream(ByteView joinable);

/// The final, empty block and the trailer for all parts together.
Bytes gzip_end(std::uint32_t crc, std::uint64_t size);

}  // namespace tarn::builder
