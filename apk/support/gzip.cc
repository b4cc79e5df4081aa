#include "apk/support/gzip.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <memory>

#include <fmt/core.h>
#include <libdeflate.h>
#include <zlib.h>

#include "apk/support/error.h"

namespace tarn {
namespace {

constexpr std::size_t smallest_member = 18;

Error damaged(const std::string& why) {
  return {ErrorKind::failed, "gzip: " + why};
}

Error over_limit(std::size_t limit) {
  return damaged(fmt::format("the data expands past the limit of {} bytes", limit));
}

struct InflateEnd {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
  }
};

std::unique_ptr<z_stream, InflateEnd> new_inflate_stream() {
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), 15 + 16) != Z_OK)
    throw Error(ErrorKind::failed, "gzip: cannot start: out of memory");
  return std::unique_ptr<z_stream, InflateEnd>(stream.release());
}

/// Inflates the first member, handing out its data piece by piece; gives its compressed size.
std::size_t inflate_pieces(ByteView input, std::size_t limit,
                           const std::function<void(ByteView)>& take) {
  const auto stream = new_inflate_stream();
  std::array<std::byte, 65536> buffer;
  std::size_t produced = 0;
  std::size_t consumed = 0;
  for (;;) {
    const std::size_t offered =
        std::min<std::size_t>(input.size() - consumed, std::numeric_limits<uInt>::max());
    // zlib's interface predates const; it does not write to its input.
    stream->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data() + consumed));
    stream->avail_in = static_cast<uInt>(offered);
    stream->next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream->avail_out = static_cast<uInt>(buffer.size());
    const int status = inflate(stream.get(), Z_NO_FLUSH);
    consumed += offered - stream->avail_in;
    const std::size_t got = buffer.size() - stream->avail_out;
    produced += got;
    if (produced > limit) throw over_limit(limit);
    take(ByteView(buffer).first(got));
    if (status == Z_STREAM_END) return consumed;
    if (status == Z_BUF_ERROR || (status == Z_OK && consumed == input.size() && got == 0))
      throw damaged("unexpected end of data");
    if (status != Z_OK)
      throw damaged(fmt::format("damaged data at byte {}: {}", consumed,
                                stream->msg != nullptr ? stream->msg : "not a gzip stream"));
  }
}

}  // namespace

GzipMember inflate_gzip_member(ByteView input, std::size_t limit) {
  GzipMember member{{}, 0};
  member.compressed_size = inflate_pieces(input, limit, [&](ByteView piece) {
    member.data.insert(member.data.end(), piece.begin(), piece.end());
  });
  return member;
}

std::optional<std::size_t> gzip_member_size(ByteView input, std::size_t limit) {
  try {
    return inflate_pieces(input, limit, [](ByteView) {});
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<ByteView> densest_deflate_stream(ByteView member) {
  // Magic, deflate, no flags; four octets of time; the greatest effort; an operating system.
  constexpr std::array begin{std::byte{0x1f}, std::byte{0x8b}, std::byte{8}, std::byte{0}};
  constexpr std::size_t effort = 8;
  constexpr std::size_t header = 10;
  constexpr std::size_t trailer = 8;
  if (member.size() < smallest_member || !std::ranges::equal(member.first(begin.size()), begin) ||
      member[effort] != std::byte{2})
    return std::nullopt;
  return member.subspan(header, member.size() - header - trailer);
}

std::uint32_t gzip_stated_size(ByteView member) {
  std::uint32_t size = 0;
  if (member.size() < smallest_member) return size;
  for (std::size_t i = 0; i < 4; ++i)
    size |= std::to_integer<std::uint32_t>(member[member.size() - 4 + i]) << (8 * i);
  return size;
}

Bytes inflate_whole_gzip(ByteView input, std::size_t limit) {
  if (input.size() < smallest_member) throw damaged("unexpected end of data");
  const std::uint32_t size = gzip_stated_size(input);
  if (size > limit) throw over_limit(limit);
  // Deflate cannot expand more than this; a trailer that claims more is damaged.
  if (size / 1032 > input.size()) throw damaged("the trailer's length is impossible");
  Bytes data(size);
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>
      decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  std::size_t consumed = 0;
  std::size_t produced = 0;
  const auto result = libdeflate_gzip_decompress_ex(decompressor.get(), input.data(), input.size(),
                                                    data.data(), data.size(), &consumed, &produced);
  if (result == LIBDEFLATE_SUCCESS && consumed == input.size() && produced == data.size())
    return data;
  // Either damaged, or over 4 GiB (the trailer's length wraps), or followed by something: the
  // slower reader tells which, with the place, before memory is taken once more.
  data = Bytes();
  std::size_t whole = 0;
  const std::size_t member =
      inflate_pieces(input, limit, [&](ByteView piece) { whole += piece.size(); });
  if (member != input.size())
    throw damaged(fmt::format("{} bytes follow the end of the data", input.size() - member));
  data.reserve(whole);
  inflate_pieces(input, limit,
                 [&](ByteView piece) { data.insert(data.end(), piece.begin(), piece.end()); });
  return data;
}

Bytes deflate_gzip(ByteView data, int level) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  if (!compressor) throw Error(ErrorKind::failed, "gzip: cannot start: out of memory");
  Bytes out(libdeflate_gzip_compress_bound(compressor.get(), data.size()));
  out.resize(
      libdeflate_gzip_compress(compressor.get(), data.data(), data.size(), out.data(), out.size()));
  return out;
}

}  // namespace tarn
