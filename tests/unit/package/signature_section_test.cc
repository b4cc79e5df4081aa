#include "apk/package/signature_section.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/trust/signature.h"
#include "unit/package/built_package.h"

namespace tarn::apk {
namespace {

/// Bytes that do not compress, the same each time.
std::string noise(std::size_t size) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525U + 1013904223U;
    text += static_cast<char>(state >> 24U);
  }
  return text;
}

}  // namespace

TEST_CASE("signature section: as tarn makes it, and with any octet changed") {
  const Bytes control = test::section({{".PKGINFO", "x"}});
  Bytes section = test::section({{".SIGN.RSA256.me.rsa.pub", noise(256)}});
  CHECK_FALSE(is_signature_section_damaged(section, control));
  // Only what the gzip reader lets pass comes here.
  for (std::size_t at = 0; at < section.size(); ++at)
    for (const unsigned bit : {1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U}) {
      section[at] ^= static_cast<std::byte>(bit);
      const auto size = gzip_member_size(section, 1U << 20U);
      CAPTURE(at);
      CAPTURE(bit);
      if (size && *size == section.size()) CHECK(is_signature_section_damaged(section, control));
      section[at] ^= static_cast<std::byte>(bit);
    }
}

TEST_CASE("signature section: another compressor's work is not judged") {
  const Bytes control = test::section({{".PKGINFO", "x"}});
  // Stored blocks, which no compressor here would choose.
  const Bytes section = deflate_gzip(as_bytes(std::string(2000, 'x')), 1);
  Bytes other = section;
  other[4] = std::byte{1};
  other[5] = std::byte{2};
  other[9] = std::byte{3};
  CHECK_FALSE(is_signature_section_damaged(other, control));
  CHECK_FALSE(is_signature_section_damaged({}, control));
  CHECK_FALSE(is_signature_section_damaged(section, {}));
}

}  // namespace tarn::apk
