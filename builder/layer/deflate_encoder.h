#pragma once

#include <span>

#include "apk/support/bytes.h"
#include "builder/layer/deflate_tokens.h"

namespace tarn::builder {

/// Changes when the same tokens give other octets, or the same segment and package other tokens.
inline constexpr int deflate_encoder_version = 1;

/// Writes data whose literals and matches are known as deflate blocks (RFC 1951) that others can
/// follow: none is final, and they end on a whole octet. Every match must be true: its octets those
/// at its distance before, within the data. A function of data and tokens alone.
/// Throws Error (failed) when the tokens do not cover the data, or a match reaches before it.
Bytes encode_deflate(ByteView data, std::span<const DeflateToken> tokens);

}  // namespace tarn::builder
