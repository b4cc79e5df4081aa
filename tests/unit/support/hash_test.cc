#include "apk/support/hash.h"

#include <doctest/doctest.h>

namespace tarn {

TEST_CASE("sha256 of the empty text") {
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("digests of known texts") {
  CHECK(to_hex(sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(to_hex(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha512(as_bytes("abc"))).substr(0, 16) == "ddaf35a193617aba");
  CHECK(crc32(as_bytes("123456789")) == 0xcbf43926);
  CHECK(crc32(ByteView{}, 0xcbf43926) == 0xcbf43926);
}

TEST_CASE("a hasher takes pieces, and starts anew after each digest") {
  Sha256 hasher;
  hasher.update("a");
  hasher.update("");
  hasher.update("bc");
  CHECK(hasher.finish() == sha256("abc"));
  CHECK(hasher.finish() == sha256(""));
  Sha256 moved = std::move(hasher);
  moved.update("abc");
  CHECK(moved.finish() == sha256("abc"));
}

TEST_CASE("hexadecimal takes either case and whole octets only") {
  CHECK(to_hex(from_hex("00fFa5").value()) == "00ffa5");
  CHECK(from_hex("").value().empty());
  for (const std::string_view text : {"0", "0g", "g0", " 0", "0x"}) CHECK_FALSE(from_hex(text));
  CHECK(digest_from_hex<20>("a9993e364706816aba3e25717850c26c9cd0d89d") == sha1("abc"));
  CHECK_FALSE(digest_from_hex<20>("a9993e36"));
  CHECK_FALSE(digest_from_hex<32>("a9993e364706816aba3e25717850c26c9cd0d89d"));
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
