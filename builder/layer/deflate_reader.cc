#include "builder/layer/deflate_reader.h"

#include <string>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

constexpr auto literal_meanings = [] {
  std::array<DeflateSymbol, 288> meanings{};
  for (std::size_t n = 0; n < end_of_block; ++n) meanings[n] = {DeflateSymbol::literal, 1, 0};
  meanings[end_of_block] = {DeflateSymbol::end, 0, 0};
  for (std::size_t n = 0; n < length_bases.size(); ++n)
    meanings[first_length_symbol + n] = {DeflateSymbol::match, length_bases[n], length_extra(n)};
  return meanings;
}();

constexpr auto distance_meanings = [] {
  std::array<DeflateSymbol, 32> meanings{};
  for (std::size_t n = 0; n < distance_symbols; ++n)
    meanings[n] = {DeflateSymbol::match, distance_base(n), distance_extra(n)};
  return meanings;
}();

constexpr auto code_length_meanings = [] {
  std::array<DeflateSymbol, 19> meanings{};
  for (std::size_t n = 0; n < meanings.size(); ++n) meanings[n] = {DeflateSymbol::literal, n, 0};
  return meanings;
}();

std::uint32_t reverse(std::uint32_t code, unsigned length) {
  std::uint32_t reversed = 0;
  for (unsigned i = 0; i < length; ++i) reversed |= ((code >> i) & 1U) << (length - 1 - i);
  return reversed;
}

void read_lengths(DeflateBits& bits, const DeflateCode& code, std::span<std::uint8_t> lengths) {
  for (std::size_t n = 0; n < lengths.size();) {
    bits.refill();
    const DeflateSymbol symbol = code.find(bits.peek());
    bits.drop(symbol.bits());
    if (symbol.base() < 16) {
      lengths[n++] = static_cast<std::uint8_t>(symbol.base());
      continue;
    }
    if (symbol.base() == 16 && n == 0) malformed_deflate("a length of nothing is repeated");
    const std::uint8_t value = symbol.base() == 16 ? lengths[n - 1] : std::uint8_t{0};
    const std::size_t times = symbol.base() == 16   ? 3 + bits.take(2)
                              : symbol.base() == 17 ? 3 + bits.take(3)
                                                    : 11 + bits.take(7);
    if (times > lengths.size() - n) malformed_deflate("too many lengths of codes");
    std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(n), times, value);
    n += times;
  }
}

}  // namespace

void malformed_deflate(const char* why) {
  throw Error(ErrorKind::failed, std::string("reading a deflate stream: ") + why);
}

void DeflateCode::build(std::span<const std::uint8_t> lengths,
                        std::span<const DeflateSymbol> meanings) {
  counts_.fill(0);
  for (const std::uint8_t length : lengths) ++counts_[length];
  counts_[0] = 0;
  int left = 1;
  for (unsigned length = 1; length <= longest_deflate_code; ++length) {
    left = 2 * left - counts_[length];
    if (left < 0) malformed_deflate("too many codes");
  }
  std::array<std::uint16_t, longest_deflate_code + 2> offsets{};
  std::array<std::uint32_t, longest_deflate_code + 2> codes{};
  for (unsigned length = 1; length <= longest_deflate_code; ++length) {
    offsets[length + 1] = static_cast<std::uint16_t>(offsets[length] + counts_[length]);
    codes[length + 1] = (codes[length] + counts_[length]) << 1U;
  }
  table_.fill({});
  for (std::size_t n = 0; n < lengths.size(); ++n) {
    const unsigned length = lengths[n];
    if (length == 0) continue;
    const DeflateSymbol symbol =
        (n < meanings.size() ? meanings[n] : DeflateSymbol()).with_bits(length);
    symbols_[offsets[length]++] = symbol;
    const std::uint32_t code = reverse(codes[length]++, length);
    if (length > table_bits) continue;
    for (std::size_t i = code; i < table_.size(); i += std::size_t{1} << length) table_[i] = symbol;
  }
}

DeflateSymbol DeflateCode::find_long(std::uint64_t bits) const {
  unsigned code = 0;
  unsigned first = 0;
  unsigned index = 0;
  for (unsigned length = 1; length <= longest_deflate_code; ++length) {
    code |= static_cast<unsigned>(bits & 1U);
    bits >>= 1U;
    if (code < first + counts_[length]) return symbols_[index + code - first];
    index += counts_[length];
    first = (first + counts_[length]) << 1U;
    code <<= 1U;
  }
  malformed_deflate("a code that stands for nothing");
}

void DeflateBlockCodes::build_fixed() {
  literals.build(fixed_literal_lengths(), literal_meanings);
  distances.build(fixed_distance_lengths(), distance_meanings);
}

void DeflateBlockCodes::read(DeflateBits& bits) {
  bits.refill();
  const std::size_t literal_count = bits.take(5) + 257;
  const std::size_t distance_count = bits.take(5) + 1;
  const std::size_t codes = bits.take(4) + 4;
  std::array<std::uint8_t, 19> code_lengths{};
  for (std::size_t i = 0; i < codes; ++i) {
    bits.refill();
    code_lengths[code_length_order[i]] = static_cast<std::uint8_t>(bits.take(3));
  }
  literals.build(code_lengths, code_length_meanings);
  std::array<std::uint8_t, 320> lengths{};
  const auto all = std::span(lengths).first(literal_count + distance_count);
  read_lengths(bits, literals, all);
  if (lengths[end_of_block] == 0) malformed_deflate("a block without an end");
  literals.build(all.first(literal_count), literal_meanings);
  distances.build(all.subspan(literal_count), distance_meanings);
}

}  // namespace tarn::builder
