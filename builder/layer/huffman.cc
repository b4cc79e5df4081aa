#include "builder/layer/huffman.h"

#include <algorithm>
#include <array>

#include "builder/layer/deflate_format.h"

namespace tarn::builder {
namespace {

/// How many codes there are of each length.
using LengthCounts = std::array<std::uint32_t, 33>;

/// Shortens codes over `longest`, which `counts` has there already: a code of `longest` goes away,
/// and the longest shorter one becomes two, until all fit.
void fit_codes(LengthCounts& counts, unsigned longest) {
  std::uint64_t room = 0;  // taken, in codes of the greatest length
  for (unsigned length = 1; length <= longest; ++length)
    room += std::uint64_t{counts[length]} << (longest - length);
  for (; room > std::uint64_t{1} << longest; --room) {
    unsigned length = longest - 1;
    while (counts[length] == 0) --length;
    --counts[longest];
    --counts[length];
    counts[length + 1] += 2;
  }
}

}  // namespace

void huffman_lengths(std::span<const std::uint32_t> counts, unsigned longest,
                     std::span<std::uint8_t> lengths) {
  // Each in one word, the count above the symbol, so that equal counts have one order.
  std::array<std::uint64_t, literal_symbols> sorted;
  std::size_t leaves = 0;
  for (std::size_t n = 0; n < counts.size(); ++n) {
    lengths[n] = 0;
    if (counts[n] != 0) sorted[leaves++] = std::uint64_t{counts[n]} << 16U | n;
  }
  const auto symbol = [&](std::size_t leaf) { return sorted[leaf] & 0xffffU; };
  if (leaves == 0) return;
  if (leaves == 1) {
    lengths[symbol(0)] = 1;
    return;
  }
  std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(leaves));

  // Leaves and inner nodes are both made in ascending order: so the two least stand in front.
  std::array<std::uint64_t, literal_symbols> sums;
  std::array<std::uint16_t, 2 * literal_symbols> parents;
  const std::size_t nodes = 2 * leaves - 1;
  std::size_t leaf = 0;
  std::size_t inner = leaves;
  for (std::size_t made = leaves; made < nodes; ++made) {
    sums[made - leaves] = 0;
    for (int i = 0; i < 2; ++i) {
      const bool is_leaf =
          inner == made || (leaf < leaves && (sorted[leaf] >> 16U) <= sums[inner - leaves]);
      sums[made - leaves] += is_leaf ? sorted[leaf] >> 16U : sums[inner - leaves];
      parents[is_leaf ? leaf++ : inner++] = static_cast<std::uint16_t>(made);
    }
  }
  std::array<std::uint16_t, 2 * literal_symbols> depths;
  depths[nodes - 1] = 0;
  LengthCounts of_length{};
  for (std::size_t node = nodes - 1; node-- > 0;) {
    depths[node] = static_cast<std::uint16_t>(depths[parents[node]] + 1);
    if (node < leaves) ++of_length[std::min<unsigned>(depths[node], longest)];
  }
  fit_codes(of_length, longest);
  std::size_t next = 0;
  for (unsigned length = longest; length > 0; --length)
    for (std::uint32_t n = 0; n < of_length[length]; ++n)
      lengths[symbol(next++)] = static_cast<std::uint8_t>(length);
}

void huffman_codes(std::span<const std::uint8_t> lengths, std::span<std::uint32_t> codes) {
  std::array<std::uint32_t, longest_deflate_code + 1> counts{};
  for (const std::uint8_t length : lengths) ++counts[length];
  counts[0] = 0;
  std::array<std::uint32_t, longest_deflate_code + 1> first{};
  for (unsigned length = 1; length <= longest_deflate_code; ++length)
    first[length] = (first[length - 1] + counts[length - 1]) << 1U;
  for (std::size_t n = 0; n < lengths.size(); ++n) {
    const unsigned length = lengths[n];
    codes[n] = 0;
    if (length == 0) continue;
    const std::uint32_t plain = first[length]++;
    for (unsigned i = 0; i < length; ++i) codes[n] |= ((plain >> i) & 1U) << (length - 1 - i);
  }
}

}  // namespace tarn::builder
