#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "apk/support/hash.h"

namespace tarn::apk {

/// The digest by which a package is known in indexes, the database and world (`C:`): for a v2
/// package the SHA-1 of its compressed control member. The first 20 octets are the key.
struct Identity {
  Sha1Digest digest;

  /// From `Q1`+base64, `X1`+hex (SHA-1), `Q2`/`X2` (SHA-256, cut to 20 octets), and the compatible
  /// long `Q1` form. Nothing otherwise.
  static std::optional<Identity> parse(std::string_view text);
  /// `Q1` and 28 characters of base64.
  std::string str() const;
  /// 40 hexadecimal digits.
  std::string hex() const { return to_hex(digest); }

  auto operator<=>(const Identity&) const = default;
};

}  // namespace tarn::apk
