#include "builder/layer/gzip_joiner.h"

#include <algorithm>
#include <limits>
#include <memory>

#include <fmt/core.h>
#include <zlib.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

struct InflateEnd {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
  }
};

std::unique_ptr<z_stream, InflateEnd> new_raw_inflate() {
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), -15) != Z_OK)
    throw Error(ErrorKind::failed, "joining compressed segments: out of memory");
  return std::unique_ptr<z_stream, InflateEnd>(stream.release());
}

Error not_joinable(const std::string& why) {
  return {ErrorKind::failed, "joining compressed segments: " + why};
}

/// Where the final block of a deflate stream lies, in bits from the start of the stream.
struct FinalBlock {
  std::uint64_t begin;
  std::uint64_t end;
};

/// What inflate says in data_type when it stops at the edge of a block.
constexpr int in_final_block = 64;
constexpr int after_block = 128;
constexpr int unused_bits = 7;

FinalBlock find_final_block(ByteView deflated, std::uint64_t expected_size) {
  const auto stream = new_raw_inflate();
  Bytes buffer(1U << 16U);
  std::uint64_t consumed = 0;
  std::uint64_t produced = 0;
  std::uint64_t block_begin = 0;
  for (;;) {
    const std::size_t offered =
        std::min<std::size_t>(deflated.size() - consumed, std::numeric_limits<uInt>::max());
    // zlib's interface predates const; it does not write to its input.
    stream->next_in =
        const_cast<Bytef*>(reinterpret_cast<const Bytef*>(deflated.data() + consumed));
    stream->avail_in = static_cast<uInt>(offered);
    stream->next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream->avail_out = static_cast<uInt>(buffer.size());
    const int status = inflate(stream.get(), Z_BLOCK);
    const std::size_t taken = offered - stream->avail_in;
    const std::size_t got = buffer.size() - stream->avail_out;
    consumed += taken;
    produced += got;
    if (status != Z_OK && status != Z_STREAM_END)
      throw not_joinable(stream->msg != nullptr ? stream->msg : "the stream is cut short");
    if ((stream->data_type & after_block) == 0) {
      if (taken == 0 && got == 0) throw not_joinable("the stream is cut short");
      continue;
    }
    const std::uint64_t edge =
        8 * consumed - static_cast<std::uint64_t>(stream->data_type & unused_bits);
    if ((stream->data_type & in_final_block) == 0) {
      block_begin = edge;
      continue;
    }
    if (produced != expected_size)
      throw not_joinable(fmt::format("the stream holds {} bytes, not {}", produced, expected_size));
    if (consumed != deflated.size())
      throw not_joinable(fmt::format("{} bytes follow its end", deflated.size() - consumed));
    return {block_begin, edge};
  }
}

}  // namespace

Bytes gzip_start() {
  // Magic, deflate, no flags, no time, no extra flags, unknown operating system.
  constexpr unsigned char header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
  const auto bytes = std::as_bytes(std::span(header));
  return {bytes.begin(), bytes.end()};
}

Bytes make_joinable(Bytes deflated, std::uint64_t expected_size) {
  if (deflated.empty() && expected_size == 0) return deflated;
  const FinalBlock block = find_final_block(deflated, expected_size);
  // Bits are counted from the least significant one; a block's first says whether it is final.
  deflated[block.begin / 8] &= ~(std::byte{1} << (block.begin % 8));
  const unsigned used = block.end % 8;
  if (used == 0) return deflated;
  // The bits behind the end are zeros from here on: with three of them begins a stored block that
  // is not final; the rest up to the next octet is skipped, and its length 0 follows.
  deflated.back() &= std::byte{0xff} >> (8 - used);
  if (used > 5) deflated.push_back(std::byte{0});
  for (const unsigned octet : {0x00U, 0x00U, 0xffU, 0xffU})
    deflated.push_back(static_cast<std::byte>(octet));
  return deflated;
}

Bytes gzip_end(std::uint32_t crc, std::uint64_t size) {
  // A final block with fixed codes that holds nothing but its end.
  Bytes end{std::byte{3}, std::byte{0}};
  for (const std::uint32_t number : {crc, static_cast<std::uint32_t>(size & 0xffffffffU)})
    for (unsigned shift = 0; shift < 32; shift += 8)
      end.push_back(static_cast<std::byte>((number >> shift) & 0xffU));
  return end;
}

}  // namespace tarn::builder
