#include "apk/package/signature_section.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>

#include <zlib.h>

#include "apk/support/error.h"
#include "apk/support/gzip.h"

namespace tarn::apk {
namespace {

/// A gzip header without optional fields, and the trailer (RFC 1952 §2.3).
constexpr std::size_t header_size = 10;
constexpr std::size_t trailer_size = 8;
constexpr std::size_t flags_offset = 3;
/// Larger sections are not compared: signatures take a few kilobytes.
constexpr std::size_t comparison_limit = 64U << 10U;
constexpr int own_level = 9;

struct Settings {
  int level;
  int memory;
  int strategy;
};

/// What zlib is told; the most common first.
constexpr std::array<Settings, 12> zlib_settings = {{
    {9, 8, Z_DEFAULT_STRATEGY},
    {6, 8, Z_DEFAULT_STRATEGY},
    {9, 8, Z_HUFFMAN_ONLY},
    {9, 9, Z_DEFAULT_STRATEGY},
    {6, 9, Z_DEFAULT_STRATEGY},
    {1, 8, Z_DEFAULT_STRATEGY},
    {2, 8, Z_DEFAULT_STRATEGY},
    {3, 8, Z_DEFAULT_STRATEGY},
    {4, 8, Z_DEFAULT_STRATEGY},
    {5, 8, Z_DEFAULT_STRATEGY},
    {7, 8, Z_DEFAULT_STRATEGY},
    {8, 8, Z_DEFAULT_STRATEGY},
}};

struct DeflateEnd {
  void operator()(z_stream* stream) const {
    deflateEnd(stream);
    delete stream;
  }
};

/// `data` as a deflate stream without header and trailer.
Bytes deflate_with_zlib(ByteView data, const Settings& settings) {
  auto fresh = std::make_unique<z_stream>();
  if (deflateInit2(fresh.get(), settings.level, Z_DEFLATED, -15, settings.memory,
                   settings.strategy) != Z_OK)
    throw Error(ErrorKind::failed, "gzip: cannot start: out of memory");
  const std::unique_ptr<z_stream, DeflateEnd> stream(fresh.release());
  Bytes out(deflateBound(stream.get(), static_cast<uLong>(data.size())));
  // zlib's interface predates const; it does not write to its input.
  stream->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data()));
  stream->avail_in = static_cast<uInt>(data.size());
  stream->next_out = reinterpret_cast<Bytef*>(out.data());
  stream->avail_out = static_cast<uInt>(out.size());
  deflate(stream.get(), Z_FINISH);
  out.resize(stream->total_out);
  return out;
}

/// In how many octets the two differ; of unequal lengths, in too many to count.
std::size_t difference(ByteView left, ByteView right) {
  if (left.size() != right.size()) return std::numeric_limits<std::size_t>::max();
  std::size_t count = 0;
  for (std::size_t i = 0; i < left.size(); ++i)
    if (left[i] != right[i]) ++count;
  return count;
}

/// The section as zlib makes it, with the header `header` and the trailer of `section`.
Bytes rebuilt(ByteView section, ByteView header, ByteView data, const Settings& settings) {
  const Bytes stream = deflate_with_zlib(data, settings);
  const auto trailer = section.last(trailer_size);
  Bytes member(header.begin(), header.end());
  member.insert(member.end(), stream.begin(), stream.end());
  member.insert(member.end(), trailer.begin(), trailer.end());
  return member;
}

}  // namespace

bool is_signature_section_damaged(ByteView section, ByteView control) {
  if (section.size() > comparison_limit || section.size() < header_size + trailer_size ||
      control.size() < header_size)
    return false;
  const Bytes data = inflate_whole_gzip(section, comparison_limit);
  const auto header = control.first(header_size);
  std::size_t nearest = std::numeric_limits<std::size_t>::max();
  const auto compare = [&](ByteView member) {
    nearest = std::min(nearest, difference(section, member));
  };
  compare(deflate_gzip(data, own_level));
  for (const auto& settings : zlib_settings) {
    if (nearest == 0) return false;
    if (header[flags_offset] == std::byte{0}) compare(rebuilt(section, header, data, settings));
  }
  if (nearest == 0) return false;
  return nearest == 1 || difference(section.first(header_size), header) == 1;
}

}  // namespace tarn::apk
