#include "apk/fetch/response_head.h"

#include <doctest/doctest.h>

namespace tarn::apk {

TEST_CASE("a content range is read, and only in its exact form") {
  const auto range = ContentRange::parse("bytes 10-19/30");
  REQUIRE(range);
  CHECK(range->first == 10);
  CHECK(range->last == 19);
  CHECK(range->total == 30);
  CHECK(ContentRange::parse("bytes 0-0/*"));
  for (const std::string_view text :
       {"", "bytes", "bytes */30", "bytes 10-9/30", "bytes 10-30/30", "bytes 10-19", "10-19/30",
        "bytes -19/30", "bytes 1-/30", "bytes 1-2/", "bytes 1-2/x", "bytes a-2/3", "bytes 1 2-3/4",
        "bytes /1-2", "items 1-2/3", "bytes 99999999999999999999-2/3", "bytes 1--2/3"})
    CHECK_FALSE(ContentRange::parse(text));
}

TEST_CASE("of several answers the last one counts, and trailers do not") {
  ResponseHead head;
  CHECK(head.status() == 0);
  for (const std::string_view line :
       {"HTTP/1.1 302 Found\r\n", "ETag: \"first\"\r\n", "Content-Length: 12\r\n", "\r\n",
        "HTTP/2 200 \r\n", "eTaG:\t\"second\" \r\n", "last-modified: now\r\n",
        "content-range: bytes 1-2/3\r\n", "no colon\r\n", "\r\n", "ETag: \"trailer\"\r\n"})
    head.add_line(line);
  CHECK(head.status() == 200);
  CHECK(head.etag() == "\"second\"");
  CHECK(head.last_modified() == "now");
  CHECK_FALSE(head.content_length());
  CHECK(head.content_range());
}

TEST_CASE("values that make no sense are as if they were not there") {
  ResponseHead head;
  for (const std::string& line :
       {std::string("HTTP/1.1 abc"), std::string("content-length: -1"),
        std::string("content-range: bytes"), "etag: \"" + std::string(2000, 'x') + "\"",
        std::string("last-modified: a\x01z")})
    head.add_line(line);
  CHECK(head.status() == 0);
  CHECK_FALSE(head.content_length());
  CHECK_FALSE(head.content_range());
  CHECK(head.etag().empty());
  CHECK(head.last_modified().empty());
}

TEST_CASE("only strong etags are strong") {
  CHECK(is_strong_etag("\"a\""));
  CHECK(is_strong_etag("\"\""));
  for (const std::string_view etag : {"", "\"", "a", "W/\"a\"", "\"a"})
    CHECK_FALSE(is_strong_etag(etag));
}

}  // namespace tarn::apk
