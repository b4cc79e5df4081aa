#include "builder/layer/segment_tokens.h"

#include <algorithm>
#include <functional>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "apk/support/gzip.h"
#include "builder/layer/deflate_encoder.h"
#include "builder/layer/gzip_joiner.h"
#include "builder/layer/segment_compressor.h"
#include "builder/layer/tar.h"
#include "unit/layer/deflated.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

/// A package's data with any stream to it.
class StreamSource final : public ContentSource {
 public:
  StreamSource(std::string text, Bytes deflated)
      : text_(std::move(text)), deflated_(std::move(deflated)) {}
  std::shared_ptr<const Bytes> load() const override {
    const auto bytes = as_bytes(text_);
    return std::make_shared<const Bytes>(bytes.begin(), bytes.end());
  }
  std::optional<DeflateStream> stream() const override {
    if (deflated_.empty()) return std::nullopt;
    return DeflateStream{nullptr, deflated_, text_.size()};
  }

 private:
  std::string text_;
  Bytes deflated_;
};

struct File {
  std::uint64_t offset;
  std::uint64_t size;
};

/// Files like those of a package, some of them almost alike, with something between them.
struct RandomPackage {
  std::string text;
  std::vector<File> files;

  RandomPackage(std::mt19937& random, std::size_t count, std::size_t most) {
    for (std::size_t i = 0; i < count; ++i) {
      text += fmt::format("header {} {}", i, random());
      text.append(random() % 300, '\0');
      std::string content;
      if (i > 0 && random() % 2 == 0) {
        const File& like = files[random() % files.size()];
        content = text.substr(like.offset, like.size);
        if (!content.empty()) content[random() % content.size()] = 'X';
      }
      for (std::size_t n = random() % most; n > 0; --n)
        content += static_cast<char>('a' + random() % (1 + random() % 20));
      files.push_back({text.size(), content.size()});
      text += content;
      text.append(tar_padding(content.size()), '\0');
    }
  }

  Bytes deflated() const { return test::deflate_raw(as_bytes(text), 9); }

  Segment segment(const std::shared_ptr<const ContentSource>& source) const {
    Segment segment{SegmentKind::package, Owner{0}, {}, 0};
    for (std::size_t i = 0; i < files.size(); ++i) {
      TarHeader header;
      header.path = fmt::format("usr/share/sample/file-{}", i);
      header.size = files[i].size;
      SegmentRecord record{segment.size, tar_header(header), {}};
      if (files[i].size != 0) record.content = {source, files[i].offset, files[i].size};
      segment.size += record.header.size() + header.size + tar_padding(header.size);
      segment.records.push_back(std::move(record));
    }
    return segment;
  }
};

Bytes read(const Segment& segment, std::uint64_t begin, std::uint64_t end) {
  return read_segment(segment, begin, end,
                      [](const ContentSource& source) { return source.load(); });
}

/// Checks a piece, and gives its size compressed.
std::size_t check_piece(const SegmentTokens& tokens, const Segment& segment, std::uint64_t begin,
                        std::uint64_t end) {
  const Bytes tar = read(segment, begin, end);
  const Bytes deflated = encode_deflate(tar, tokens.of_piece(begin, tar));
  const auto back = test::inflate_raw(end_deflate_stream(deflated), tar.size());
  CHECK(back == as_text(tar));
  return deflated.size();
}

}  // namespace

TEST_CASE("segment tokens: a segment's pieces inflate to its tar, however it is cut and ordered") {
  std::mt19937 random(31);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    RandomPackage package(random, 1 + random() % 20, 1 + random() % 5000);
    const auto source = std::make_shared<StreamSource>(package.text, package.deflated());
    if (round % 2 == 0) std::ranges::shuffle(package.files, random);
    // Two names of the same octets, and a part of a file.
    if (round % 5 == 0) package.files.push_back(package.files.front());
    if (package.files.back().size > 10)
      package.files.push_back({package.files.back().offset + 3, 5});
    const Segment segment = package.segment(source);
    const auto tokens = SegmentTokens::read(segment, package.deflated(), package.text.size());
    REQUIRE(tokens);
    check_piece(*tokens, segment, 0, segment.size);
    const std::uint64_t piece = 1 + random() % segment.size;
    for (std::uint64_t begin = 0; begin < segment.size; begin += piece)
      check_piece(*tokens, segment, begin, std::min(begin + piece, segment.size));
  }
}

TEST_CASE("segment tokens: matches within files and over them are kept") {
  std::mt19937 random(32);
  std::string noise;
  for (int i = 0; i < 10'000; ++i) noise += static_cast<char>(random());
  RandomPackage package(random, 0, 1);
  for (int i = 0; i < 3; ++i) {
    package.text.append(512, static_cast<char>('0' + i));
    package.files.push_back({package.text.size(), 2 * noise.size()});
    package.text += noise + noise;
    package.text.append(tar_padding(2 * noise.size()), '\0');
  }
  const Bytes deflated = package.deflated();
  const Segment segment = package.segment(std::make_shared<StreamSource>(package.text, deflated));
  const auto tokens = SegmentTokens::read(segment, deflated, package.text.size());
  REQUIRE(tokens);
  CHECK(check_piece(*tokens, segment, 0, segment.size) < noise.size() + 1200);
}

TEST_CASE("segment tokens: a stream of other data gives no wrong tar") {
  std::mt19937 random(33);
  for (int round = 0; round < 30; ++round) {
    const RandomPackage package(random, 6, 3000);
    std::string other = package.text;
    for (int i = 0; i < 20; ++i) other[random() % other.size()] ^= 1;
    const Bytes deflated = test::deflate_raw(as_bytes(other), 9);
    const Segment segment = package.segment(std::make_shared<StreamSource>(package.text, deflated));
    const auto tokens = SegmentTokens::read(segment, deflated, package.text.size());
    REQUIRE(tokens);
    check_piece(*tokens, segment, 0, segment.size);
  }
}

TEST_CASE("segment tokens: refused for a content outside, or what is no stream") {
  std::mt19937 random(34);
  RandomPackage package(random, 3, 1000);
  const Bytes deflated = package.deflated();
  const auto source = std::make_shared<StreamSource>(package.text, deflated);
  CHECK(SegmentTokens::read(package.segment(source), deflated, package.text.size()));
  CHECK_FALSE(SegmentTokens::read(package.segment(source), {}, package.text.size()));
  package.files.push_back({package.text.size() - 1, 2});
  CHECK_FALSE(SegmentTokens::read(package.segment(source), deflated, package.text.size()));
}

TEST_CASE("segment compressor: uses tokens where it can, else compresses anew") {
  std::mt19937 random(35);
  const RandomPackage package(random, 5, 60'000);
  const auto source = std::make_shared<StreamSource>(package.text, package.deflated());
  const auto six = make_compressor({Codec::gzip, 6});
  const auto is_anew = [](const Segment& segment, const PieceCompressor& compressor) {
    const Bytes tar = read(segment, 0, segment.size);
    const CompressedPiece piece = SegmentCompressor(segment, compressor).compress(0, tar);
    CHECK(compressor.decompress(piece.bytes, tar.size()) == tar);
    CHECK(piece.crc == crc32(tar));
    CHECK(piece.tar_size == tar.size());
    return piece.bytes == compressor.compress(tar).bytes;
  };
  const Segment segment = package.segment(source);
  REQUIRE(segment.size < piece_size);
  CHECK_FALSE(is_anew(segment, *six));
  CHECK_FALSE(is_anew(segment, *make_compressor({Codec::gzip, 1})));
  CHECK(is_anew(segment, *make_compressor({Codec::gzip, 7})));
  CHECK(is_anew(segment, *make_compressor({Codec::zstd, 3})));
  CHECK(is_anew(segment, *make_compressor({Codec::none, {}})));

  SUBCASE("a content of another source") {
    Segment changed = segment;
    changed.records[1].content = Content::of(std::string(changed.records[1].content.size, 'c'));
    CHECK(is_anew(changed, *six));
  }
  SUBCASE("no stream") {
    CHECK(is_anew(package.segment(std::make_shared<StreamSource>(package.text, Bytes())), *six));
  }
  SUBCASE("a damaged stream") {
    Bytes cut = package.deflated();
    cut.pop_back();
    CHECK(is_anew(package.segment(std::make_shared<StreamSource>(package.text, cut)), *six));
  }
  SUBCASE("many small files") {
    const RandomPackage small(random, 40, 900);
    CHECK(
        is_anew(small.segment(std::make_shared<StreamSource>(small.text, small.deflated())), *six));
  }
}

TEST_CASE("segment compressor: only members of the greatest effort have a stream for it") {
  const std::string text(5000, 'x');
  const Bytes dense = deflate_gzip(as_bytes(text), 9);
  const auto stream = densest_deflate_stream(dense);
  REQUIRE(stream);
  CHECK(test::inflate_raw(*stream, text.size()) == text);
  CHECK_FALSE(densest_deflate_stream(deflate_gzip(as_bytes(text), 6)));
  CHECK_FALSE(densest_deflate_stream(ByteView(dense).first(17)));
  for (const std::size_t i : {0U, 1U, 2U, 3U, 8U}) {
    Bytes other = dense;
    other[i] ^= std::byte{8};
    CHECK_FALSE(densest_deflate_stream(other));
  }
}
