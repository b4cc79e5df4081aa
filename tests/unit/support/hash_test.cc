#include "apk/support/hash.h"

#include <doctest/doctest.h>

namespace tarn {

TEST_CASE("sha256 of the empty text") {
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("base64 takes only its exact form") {
  for (const std::string_view text : {"", "a", "ab", "abc", "abcd"})
    CHECK(as_text(from_base64(to_base64(as_bytes(text))).value()) == text);
  for (const std::string_view text : {"YQ", "YQ=a", " YQ=", "Y===", "YR=="})
    CHECK_FALSE(from_base64(text));
}

TEST_CASE("the crc of a whole is that of its parts combined") {
  const std::string_view text = "one two three";
  const auto whole = crc32(as_bytes(text));
  CHECK(crc32_combine(crc32(as_bytes(text.substr(0, 4))), crc32(as_bytes(text.substr(4))), 9) ==
        whole);
}

}  // namespace tarn
