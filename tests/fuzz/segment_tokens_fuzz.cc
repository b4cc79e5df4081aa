// Any octets as a package's deflate stream, over a segment whose files lie anywhere in its data:
// what is made of it inflates to the segment's tar, whatever the stream holds.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <libdeflate.h>

#include "builder/layer/compressor.h"
#include "builder/layer/segment_tokens.h"
#include "builder/layer/tar.h"
#include "expect.h"

namespace {

using namespace tarn;
using namespace tarn::builder;
using test::expect;

constexpr std::size_t most_data = 1U << 18U;

class Source final : public ContentSource {
 public:
  explicit Source(Bytes data) : data_(std::make_shared<const Bytes>(std::move(data))) {}
  std::shared_ptr<const Bytes> load() const override { return data_; }

 private:
  std::shared_ptr<const Bytes> data_;
};

/// Of a whole, sound stream its data.
Bytes inflate(ByteView deflated) {
  Bytes data(most_data);
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>
      decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  std::size_t size = 0;
  const auto result = libdeflate_deflate_decompress(
      decompressor.get(), deflated.data(), deflated.size(), data.data(), data.size(), &size);
  data.resize(result == LIBDEFLATE_SUCCESS ? size : 0);
  return data;
}

/// Files of octets that the seed chooses, in any order.
Segment segment_of(const std::shared_ptr<const Source>& source, std::size_t size,
                   std::uint64_t seed) {
  Segment segment{SegmentKind::package, Owner{0}, {}, 0};
  const auto next = [&](std::uint64_t below) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (seed >> 33U) % below;
  };
  for (std::uint64_t files = 1 + next(6); files > 0; --files) {
    const std::uint64_t offset = next(size);
    TarHeader header;
    header.path = "file";
    header.size = 1 + next(size - offset);
    segment.records.push_back({segment.size, tar_header(header), {source, offset, header.size}});
    segment.size += segment.records.back().header.size() + header.size + tar_padding(header.size);
  }
  return segment;
}

void check(ByteView deflated, std::uint64_t seed) {
  Bytes data = inflate(deflated);
  // Of a damaged stream the tokens are refused, or they are of other data.
  if (data.empty()) data.resize(1 + seed % 5000, std::byte{'a'});
  const std::size_t size = data.size();
  const Segment segment = segment_of(std::make_shared<Source>(std::move(data)), size, seed);
  const auto tokens = SegmentTokens::read(segment, deflated, size);
  if (!tokens) return;
  const auto compressor = make_compressor({Codec::gzip, 6});
  const std::uint64_t step = segment.size / (1 + seed % 3) + 1;
  for (std::uint64_t begin = 0; begin < segment.size; begin += step) {
    const Bytes tar = read_segment(segment, begin, std::min(begin + step, segment.size),
                                   [](const ContentSource& source) { return source.load(); });
    const CompressedPiece piece = compressor->encode(tar, tokens->of_piece(begin, tar));
    expect(compressor->decompress(piece.bytes, tar.size()) == tar, "a piece inflates to its tar");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  if (input.size() < 2) return 0;
  const auto seed =
      std::to_integer<std::uint64_t>(input[0]) << 8U | std::to_integer<std::uint64_t>(input[1]);
  test::attempt([&] { check(input.subspan(2), seed); });
  return 0;
}
