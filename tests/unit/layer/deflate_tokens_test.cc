#include "builder/layer/deflate_tokens.h"

#include <random>
#include <string>

#include <doctest/doctest.h>

#include "builder/layer/deflate_encoder.h"
#include "builder/layer/gzip_joiner.h"
#include "unit/layer/deflated.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

Bytes octets(std::initializer_list<unsigned> values) {
  Bytes bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

/// Text with much that repeats, near and far.
std::string some_text(std::mt19937& random, std::size_t size) {
  std::string text;
  while (text.size() < size) {
    if (text.size() > 10 && random() % 2 == 0) {
      const std::size_t from = random() % text.size();
      text += text.substr(from, random() % 400);
    } else {
      for (std::size_t i = random() % 40; i > 0; --i) text += static_cast<char>(random() % 90);
    }
    if (random() % 50 == 0) text.append(random() % 2000, 'x');
  }
  text.resize(size);
  return text;
}

/// Makes the data of tokens; the literals are those of `text`.
std::string expand(const std::vector<DeflateToken>& tokens, const std::string& text) {
  std::string made;
  for (const DeflateToken token : tokens) {
    made += text.substr(made.size(), token.literals());
    if (!token.has_match()) continue;
    for (unsigned i = 0; i < token.length(); ++i) made += made[made.size() - token.distance()];
  }
  return made;
}

}  // namespace

TEST_CASE("deflate tokens: one word holds every run and match") {
  for (const unsigned literals : {0U, 1U, 254U, 255U}) {
    CHECK(DeflateToken::of_literals(literals).size() == literals);
    for (const unsigned length : {3U, 4U, 257U, 258U})
      for (const unsigned distance : {1U, 2U, 32767U, 32768U}) {
        const auto token = DeflateToken::of_match(literals, length, distance);
        CHECK(token.has_match());
        CHECK(token.literals() == literals);
        CHECK(token.length() == length);
        CHECK(token.distance() == distance);
        CHECK(token.size() == literals + length);
      }
  }
}

TEST_CASE("deflate tokens: read from streams of every kind, and written again") {
  std::mt19937 random(11);
  for (const std::size_t size : {0U, 1U, 2U, 300U, 5000U, 200'000U}) {
    const std::string text = some_text(random, size);
    for (const int level : {0, 1, 6, 9})
      for (const int strategy : {Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED}) {
        CAPTURE(size);
        CAPTURE(level);
        CAPTURE(strategy);
        const Bytes deflated = test::deflate_raw(as_bytes(text), level, strategy);
        const auto index = DeflateTokenIndex::read(deflated, size);
        REQUIRE(index);
        CHECK(expand(index->tokens(), text) == text);
        const Bytes again = encode_deflate(as_bytes(text), index->tokens());
        CHECK(test::inflate_raw(end_deflate_stream(again), size) == text);
        // Both cut blocks by rules of thumb, each by its own.
        if (level != 0) CHECK(again.size() <= deflated.size() + deflated.size() / 100 + 8);
      }
  }
}

TEST_CASE("deflate tokens: found by the place in the data") {
  std::mt19937 random(12);
  const std::string text = some_text(random, 30'000);
  const auto index = DeflateTokenIndex::read(test::deflate_raw(as_bytes(text), 9), text.size());
  REQUIRE(index);
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < index->tokens().size(); ++i) {
    const std::uint64_t end = begin + index->tokens()[i].size();
    for (const std::uint64_t at : {begin, (begin + end) / 2, end - 1}) {
      const auto place = index->find(at);
      CHECK(place.token == i);
      CHECK(place.begin == begin);
    }
    begin = end;
  }
}

TEST_CASE("deflate tokens: what is no whole stream of that size is refused") {
  const std::string text = "abcabcabcabcabcabcabc";
  const Bytes good = test::deflate_raw(as_bytes(text), 9);
  CHECK(DeflateTokenIndex::read(good, text.size()));
  CHECK_FALSE(DeflateTokenIndex::read(good, text.size() - 1));
  CHECK_FALSE(DeflateTokenIndex::read(good, text.size() + 1));
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_FALSE(DeflateTokenIndex::read(ByteView(good).first(size), text.size()));
  Bytes more = good;
  more.push_back(std::byte{0});
  CHECK_FALSE(DeflateTokenIndex::read(more, text.size()));

  // Fixed codes: a match (length 3, distance 1) before any octet.
  CHECK_FALSE(DeflateTokenIndex::read(octets({0x03, 0x02, 0x00}), 3));
  // A literal, then a match that reaches before it (distance 2).
  CHECK_FALSE(DeflateTokenIndex::read(octets({0x4b, 0x04, 0x11, 0x00}), 4));
  // A block of the third type; a stored one whose lengths differ.
  CHECK_FALSE(DeflateTokenIndex::read(octets({0x07}), 0));
  CHECK_FALSE(DeflateTokenIndex::read(octets({0x01, 1, 0, 0xff, 0xff, 'a'}), 1));
  CHECK(DeflateTokenIndex::read(octets({0x01, 1, 0, 0xfe, 0xff, 'a'}), 1));
}

TEST_CASE("deflate tokens: damaged streams are refused or read, but never past their end") {
  std::mt19937 random(13);
  const std::string text = some_text(random, 3000);
  const Bytes good = test::deflate_raw(as_bytes(text), 9);
  for (int round = 0; round < 5000; ++round) {
    Bytes bad = good;
    for (std::size_t i = 1 + random() % 3; i > 0; --i)
      bad[random() % bad.size()] ^= std::byte{1} << random() % 8;
    const auto index = DeflateTokenIndex::read(bad, text.size());
    if (!index) continue;
    std::uint64_t at = 0;
    for (const DeflateToken token : index->tokens()) {
      if (token.has_match()) CHECK(token.distance() <= at + token.literals());
      at += token.size();
    }
    CHECK(at == text.size());
  }
}
