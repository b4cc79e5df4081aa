#include "builder/recipe/compression.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"

namespace tarn::builder {

TEST_CASE("a compression is a codec and perhaps a level") {
  const std::vector<std::pair<std::string, Compression>> cases = {
      {"gzip", {Codec::gzip, {}}}, {"gzip:1", {Codec::gzip, 1}},   {"gzip:12", {Codec::gzip, 12}},
      {"zstd", {Codec::zstd, {}}}, {"zstd:19", {Codec::zstd, 19}}, {"none", {Codec::none, {}}},
  };
  for (const auto& row : cases) {
    const auto& [text, expected] = row;
    CAPTURE(row.first);
    CHECK(parse_compression(text) == expected);
  }
}

TEST_CASE("another compression is an error that names what there is") {
  for (const char* text : {"",        ":",       "xz",      "GZIP",     "gzip ",
                           "gzip:",   "gzip:0",  "gzip:13", "gzip:1.5", "gzip:1:2",
                           "gzip:-1", "gzip:+1", "gzip: 1", "gzip:01",  "gzip:99999999999999999999",
                           "zstd:0",  "zstd:20", "none:1",  "none:0",   "none:",
                           ":9",      "9"}) {
    CAPTURE(text);
    try {
      parse_compression(text);
      FAIL("taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message() == "'" + std::string(text) + "' is no compression");
      CHECK(error.hint() == "write gzip, gzip:1 to gzip:12, zstd, zstd:1 to zstd:19, none");
    }
  }
}

TEST_CASE("each codec has one name") {
  for (const Codec codec : {Codec::gzip, Codec::zstd, Codec::none})
    CHECK(codec_named(name_of(codec)) == codec);
  CHECK_FALSE(codec_named("xz"));
}

}  // namespace tarn::builder
