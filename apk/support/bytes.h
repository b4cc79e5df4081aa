#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace tarn {

/// Owned and borrowed runs of octets. Text is `std::string`; what is not text is one of these.
using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

/// The octets of a text; valid as long as the text.
inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// The octets seen as text (no encoding is checked); valid as long as the octets.
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace tarn
