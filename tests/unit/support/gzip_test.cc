#include "apk/support/gzip.h"

#include <random>
#include <string>

#include <doctest/doctest.h>

#include "apk/support/error.h"

namespace tarn {
namespace {

constexpr std::size_t plenty = 1U << 20U;

Bytes gzip(std::string_view text) {
  return deflate_gzip(as_bytes(text), 6);
}

Bytes joined(const Bytes& first, const Bytes& second) {
  Bytes both = first;
  both.insert(both.end(), second.begin(), second.end());
  return both;
}

/// Text that does not compress to nothing: the same on every run.
std::string sample(std::size_t size) {
  std::mt19937 random(7);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 16);
  return text;
}

}  // namespace

TEST_CASE("gzip: what is deflated inflates again, at every level") {
  for (const std::string& text : {std::string(), std::string("x"), sample(200000)})
    for (const int level : {1, 6, 9, 12}) {
      const auto member = deflate_gzip(as_bytes(text), level);
      CHECK(as_text(inflate_whole_gzip(member, plenty)) == text);
      const auto read = inflate_gzip_member(member, plenty);
      CHECK(as_text(read.data) == text);
      CHECK(read.compressed_size == member.size());
    }
}

TEST_CASE("gzip: the octets are a function of data and level") {
  const auto text = sample(10000);
  CHECK(gzip(text) == gzip(text));
  CHECK(gzip("x")[3] == std::byte{0});                                      // no name
  for (std::size_t i = 4; i < 8; ++i) CHECK(gzip("x")[i] == std::byte{0});  // no time
}

TEST_CASE("gzip: a member ends where it ends") {
  const auto first = gzip(sample(70000));
  const auto both = joined(first, gzip("second"));
  const auto member = inflate_gzip_member(both, plenty);
  CHECK(member.compressed_size == first.size());
  CHECK(member.data.size() == 70000);
  CHECK(gzip_member_size(both, plenty) == first.size());
  const auto rest = ByteView(both).subspan(member.compressed_size);
  CHECK(as_text(inflate_gzip_member(rest, plenty).data) == "second");
  CHECK_THROWS_AS(inflate_whole_gzip(both, plenty), Error);
}

TEST_CASE("gzip: a member cut short is damaged, wherever it is cut") {
  const auto whole = gzip(sample(300));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto cut = ByteView(whole).first(size);
    CHECK_THROWS_AS(inflate_gzip_member(cut, plenty), Error);
    CHECK_THROWS_AS(inflate_whole_gzip(cut, plenty), Error);
    CHECK_FALSE(gzip_member_size(cut, plenty));
  }
}

TEST_CASE("gzip: what follows the member is refused where nothing may") {
  auto member = gzip("hello");
  member.push_back(std::byte{0});
  CHECK(inflate_gzip_member(member, plenty).compressed_size == member.size() - 1);
  CHECK_THROWS_AS(inflate_whole_gzip(member, plenty), Error);
}

TEST_CASE("gzip: checksum and length of the trailer are checked") {
  for (const std::size_t from_end : {1U, 4U, 5U, 8U}) {
    auto member = gzip(sample(1000));
    member[member.size() - from_end] ^= std::byte{1};
    CHECK_THROWS_AS(inflate_gzip_member(member, plenty), Error);
    CHECK_THROWS_AS(inflate_whole_gzip(member, plenty), Error);
  }
}

TEST_CASE("gzip: the limit is that of the inflated data, exactly") {
  const auto member = gzip(sample(1000));
  CHECK(inflate_gzip_member(member, 1000).data.size() == 1000);
  CHECK(inflate_whole_gzip(member, 1000).size() == 1000);
  CHECK_THROWS_AS(inflate_gzip_member(member, 999), Error);
  CHECK_THROWS_AS(inflate_whole_gzip(member, 999), Error);
  CHECK_FALSE(gzip_member_size(member, 999));
}

TEST_CASE("gzip: a bomb stops at the limit, and a trailer that lies is found") {
  auto bomb = deflate_gzip(Bytes(64U << 20U), 9);
  CHECK(bomb.size() < 100000);
  CHECK_THROWS_AS(inflate_gzip_member(bomb, plenty), Error);
  CHECK_THROWS_AS(inflate_whole_gzip(bomb, plenty), Error);
  for (std::size_t i = 1; i <= 4; ++i) bomb[bomb.size() - i] = std::byte{0};
  CHECK_THROWS_AS(inflate_whole_gzip(bomb, plenty), Error);
  auto small = gzip("x");
  for (std::size_t i = 1; i <= 4; ++i) small[small.size() - i] = std::byte{0x7f};
  CHECK_THROWS_AS(inflate_whole_gzip(small, std::size_t{1} << 40U), Error);
}

TEST_CASE("gzip: what is not gzip") {
  for (const std::string_view text :
       {"", "x", "not gzip at all, but long enough to be", "\x1f\x8b"})
    CHECK_THROWS_AS(inflate_gzip_member(as_bytes(text), plenty), Error);
}

}  // namespace tarn
