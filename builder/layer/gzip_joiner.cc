#include "builder/layer/gzip_joiner.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/layer/deflate_blocks.h"

namespace tarn::builder {
namespace {

Error not_joinable(const std::string& why) {
  return {ErrorKind::failed, "joining compressed segments: " + why};
}

/// A final block with fixed codes that holds nothing but its end.
constexpr std::array empty_final_block{std::byte{3}, std::byte{0}};

}  // namespace

Bytes gzip_start() {
  // Magic, deflate, no flags, no time, no extra flags, unknown operating system.
  constexpr unsigned char header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
  const auto bytes = std::as_bytes(std::span(header));
  return {bytes.begin(), bytes.end()};
}

Bytes make_joinable(Bytes deflated, std::uint64_t expected_size) {
  if (deflated.empty() && expected_size == 0) return deflated;
  const FinalBlock block =
      with_context("joining compressed segments", [&] { return find_final_block(deflated); });
  if (block.size != expected_size)
    throw not_joinable(fmt::format("the stream holds {} bytes, not {}", block.size, expected_size));
  if ((block.end + 7) / 8 != deflated.size())
    throw not_joinable(
        fmt::format("{} bytes follow its end", deflated.size() - (block.end + 7) / 8));
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

Bytes end_deflate_stream(ByteView joinable) {
  Bytes whole(joinable.size() + empty_final_block.size());
  std::ranges::copy(empty_final_block, std::ranges::copy(joinable, whole.begin()).out);
  return whole;
}

Bytes gzip_end(std::uint32_t crc, std::uint64_t size) {
  Bytes end(empty_final_block.begin(), empty_final_block.end());
  for (const std::uint32_t number : {crc, static_cast<std::uint32_t>(size & 0xffffffffU)})
    for (unsigned shift = 0; shift < 32; shift += 8)
      end.push_back(static_cast<std::byte>((number >> shift) & 0xffU));
  return end;
}

}  // namespace tarn::builder
