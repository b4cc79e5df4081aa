#include "builder/layer/gzip_joiner.h"

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <libdeflate.h>
#include <zlib.h>

#include "apk/support/error.h"
#include "apk/support/gzip.h"
#include "apk/support/hash.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

Bytes deflate_with_libdeflate(ByteView data, int level) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  Bytes out(libdeflate_deflate_compress_bound(compressor.get(), data.size()));
  out.resize(libdeflate_deflate_compress(compressor.get(), data.data(), data.size(), out.data(),
                                         out.size()));
  return out;
}

Bytes deflate_with_zlib(ByteView data, int level, int strategy) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, level, Z_DEFLATED, -15, 8, strategy) == Z_OK);
  Bytes out(deflateBound(&stream, data.size()) + 64);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string random_text(std::mt19937& random, std::size_t size, unsigned letters) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random() % letters);
  return text;
}

/// A gzip stream under construction, from parts that are deflated already.
struct Joined {
  Bytes bytes = gzip_start();
  std::string text;

  void add(Bytes deflated, const std::string& part) {
    const Bytes joinable = make_joinable(std::move(deflated), part.size());
    bytes.insert(bytes.end(), joinable.begin(), joinable.end());
    text += part;
  }
  Bytes finish() {
    const Bytes end = gzip_end(crc32(as_bytes(text)), text.size());
    bytes.insert(bytes.end(), end.begin(), end.end());
    return bytes;
  }
};

void check_single_member(const Bytes& gzip, const std::string& text) {
  const GzipMember member = inflate_gzip_member(gzip, text.size() + 1);
  CHECK(member.compressed_size == gzip.size());
  CHECK(as_text(member.data) == text);
  CHECK(as_text(inflate_whole_gzip(gzip, text.size() + 1)) == text);
}

}  // namespace

TEST_CASE("gzip joiner: nothing but start and end is an empty stream") {
  Joined joined;
  check_single_member(joined.finish(), "");
}

TEST_CASE("gzip joiner: final blocks of every type, ending at every bit") {
  std::mt19937 random(7);
  const std::string letters = random_text(random, 4000, 20);
  const std::string noise = random_text(random, 70000, 256);
  Joined all;
  std::set<unsigned> types;
  for (std::size_t size = 0; size < 300; ++size) {
    CAPTURE(size);
    const std::string text = letters.substr(0, size * 13 % 4000);
    const std::string stored = noise.substr(0, size * 233);
    const auto add = [&](Bytes deflated, const std::string& part) {
      // These streams of less than a block have one block: its type is in the first octet.
      types.insert((std::to_integer<unsigned>(deflated[0]) >> 1U) & 3U);
      Joined alone;
      alone.add(deflated, part);
      check_single_member(alone.finish(), part);
      all.add(std::move(deflated), part);
    };
    add(deflate_with_zlib(as_bytes(text), 6, Z_FIXED), text);
    add(deflate_with_zlib(as_bytes(text), 6, Z_DEFAULT_STRATEGY), text);
    add(deflate_with_zlib(as_bytes(stored), 0, Z_DEFAULT_STRATEGY), stored);
    add(deflate_with_libdeflate(as_bytes(text), 9), text);
    add(deflate_with_libdeflate(as_bytes(stored), 9), stored);
  }
  CHECK(types == std::set<unsigned>{0, 1, 2});
  check_single_member(all.finish(), all.text);
}

TEST_CASE("gzip joiner: streams of many blocks, thousands of streams, empty ones between") {
  std::mt19937 random(11);
  Joined joined;
  joined.add({}, "");
  const std::string mixed =
      random_text(random, 700000, 4) + random_text(random, 700000, 256) + std::string(700000, 'a');
  for (const int level : {1, 6, 9, 12})
    joined.add(deflate_with_libdeflate(as_bytes(mixed), level), mixed);
  joined.add(deflate_with_zlib(as_bytes(mixed), 9, Z_DEFAULT_STRATEGY), mixed);
  for (int i = 0; i < 5000; ++i) {
    const std::string tiny = random_text(random, random() % 40, 30);
    joined.add(deflate_with_libdeflate(as_bytes(tiny), 9), tiny);
  }
  joined.add({}, "");
  check_single_member(joined.finish(), joined.text);
}

TEST_CASE("gzip joiner: the final bit is cleared, nothing is lost, at most five octets are added") {
  const std::string text = "a text";
  for (const int level : {1, 9, 12}) {
    const Bytes deflated = deflate_with_libdeflate(as_bytes(text), level);
    const Bytes joinable = make_joinable(deflated, text.size());
    CHECK((std::to_integer<unsigned>(deflated[0]) & 1U) == 1);
    CHECK((std::to_integer<unsigned>(joinable[0]) & 1U) == 0);
    CHECK(joinable.size() <= deflated.size() + 5);
  }
}

TEST_CASE("gzip joiner: refuses what is not one whole stream of that size") {
  const std::string text(1000, 'x');
  const Bytes whole = deflate_with_libdeflate(as_bytes(text), 9);
  CHECK_THROWS_AS(make_joinable(whole, 999), Error);
  CHECK_THROWS_AS(make_joinable({}, 1), Error);
  CHECK_THROWS_AS(make_joinable(Bytes(whole.begin(), whole.end() - 1), 1000), Error);
  Bytes longer = whole;
  longer.push_back(std::byte{0});
  CHECK_THROWS_AS(make_joinable(longer, 1000), Error);
  CHECK_THROWS_AS(make_joinable(Bytes(5, std::byte{0xff}), 1000), Error);
}
