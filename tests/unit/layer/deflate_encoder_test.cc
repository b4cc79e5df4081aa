#include "builder/layer/deflate_encoder.h"

#include <algorithm>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "builder/layer/gzip_joiner.h"
#include "unit/layer/deflated.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

/// Data and the tokens it was made of.
struct Sample {
  std::string text;
  std::vector<DeflateToken> tokens;
};

Sample random_sample(std::mt19937& random, std::size_t count) {
  Sample sample;
  const auto below = [&](std::size_t end) { return static_cast<unsigned>(random() % end); };
  unsigned letters = 200;
  for (std::size_t i = 0; i < count; ++i) {
    // Blocks are worth it where the symbols change.
    if (random() % 3000 == 0) letters = 1 + below(256);
    const unsigned literals = random() % 8 == 0 ? below(256) : below(4);
    for (unsigned n = 0; n < literals; ++n) sample.text += static_cast<char>(random() % letters);
    if (sample.text.empty() || random() % 5 == 0) {
      sample.tokens.push_back(DeflateToken::of_literals(literals));
      continue;
    }
    const unsigned length = 3 + below(random() % 10 == 0 ? 256 : 6);
    const auto far = static_cast<unsigned>(std::min<std::size_t>(sample.text.size(), 32768));
    const unsigned distance = 1 + below(random() % 2 == 0 ? far : std::min(far, 20U));
    for (unsigned n = 0; n < length; ++n) sample.text += sample.text[sample.text.size() - distance];
    sample.tokens.push_back(DeflateToken::of_match(literals, length, distance));
  }
  return sample;
}

}  // namespace

TEST_CASE("deflate encoder: random tokens inflate to their data, joined as they are") {
  std::mt19937 random(21);
  Bytes joined;
  std::string text;
  for (const std::size_t count : {0U, 1U, 2U, 3U, 10U, 100U, 1000U, 5000U, 60'000U}) {
    const Sample sample = random_sample(random, count);
    const Bytes part = encode_deflate(as_bytes(sample.text), sample.tokens);
    CHECK(part == encode_deflate(as_bytes(sample.text), sample.tokens));
    CHECK(test::inflate_raw(end_deflate_stream(part), sample.text.size()) == sample.text);
    joined.insert(joined.end(), part.begin(), part.end());
    text += sample.text;
  }
  CHECK(test::inflate_raw(end_deflate_stream(joined), text.size()) == text);
}

TEST_CASE("deflate encoder: every length and distance") {
  std::string text(32768, 'a');
  std::mt19937 random(22);
  for (char& c : text) c = static_cast<char>(random());
  DeflateTokens tokens;
  tokens.literals(text.size());
  const auto repeat = [&](unsigned length, unsigned distance) {
    for (unsigned i = 0; i < length; ++i) text += text[text.size() - distance];
    tokens.match(length, distance);
  };
  for (unsigned length = 3; length <= 258; ++length) repeat(length, 1 + length * 127);
  for (unsigned distance = 1; distance <= 32768; ++distance) repeat(3, distance);
  const Bytes deflated = encode_deflate(as_bytes(text), tokens.take());
  CHECK(test::inflate_raw(end_deflate_stream(deflated), text.size()) == text);
}

TEST_CASE("deflate encoder: what does not compress is stored, what is short has fixed codes") {
  std::mt19937 random(23);
  for (const std::size_t size : {1'000U, 65'535U, 65'536U, 200'000U}) {
    std::string noise(size, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    DeflateTokens tokens;
    tokens.literals(size);
    const Bytes deflated = encode_deflate(as_bytes(noise), tokens.take());
    CHECK(deflated.size() <= size + 6 * (size / 65'535 + 1));
    CHECK(test::inflate_raw(end_deflate_stream(deflated), size) == noise);
  }
  const std::vector one{DeflateToken::of_literals(1)};
  // Three bits, eight of the literal, seven of the end; then what fills to a whole octet.
  CHECK(encode_deflate(as_bytes("a"), one).size() == 3 + 4);
}

TEST_CASE("deflate encoder: blocks end where the symbols change") {
  std::mt19937 random(24);
  std::string text;
  for (int part = 0; part < 2; ++part)
    for (int i = 0; i < 50'000; ++i)
      text += static_cast<char>((part == 0 ? 'a' : 'A') + random() % 4);
  DeflateTokens tokens;
  tokens.literals(text.size());
  // A quarter more than two bits each, as the end of the block has a code, too; not the three of a
  // code for all eight.
  CHECK(encode_deflate(as_bytes(text), tokens.take()).size() < text.size() * 23 / 80);
}

TEST_CASE("deflate encoder: tokens that do not fit are refused") {
  const auto literals = DeflateToken::of_literals(3);
  CHECK_THROWS_AS(encode_deflate(as_bytes("ab"), std::vector{literals}), Error);
  CHECK_THROWS_AS(encode_deflate(as_bytes("abcd"), std::vector{literals}), Error);
  CHECK_THROWS_AS(encode_deflate(as_bytes("a"), std::vector<DeflateToken>{}), Error);
  CHECK_THROWS_AS(encode_deflate(as_bytes("aaaa"), std::vector{DeflateToken::of_match(1, 3, 2)}),
                  Error);
  CHECK(encode_deflate({}, std::vector<DeflateToken>{}).empty());
}
