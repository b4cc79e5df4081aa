#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tarn::builder {

/// Numbers of the deflate format (RFC 1951).

inline constexpr unsigned longest_deflate_code = 15;
inline constexpr unsigned shortest_match = 3;
inline constexpr unsigned longest_match = 258;
inline constexpr unsigned farthest_match = 32768;

inline constexpr std::size_t literal_symbols = 286;  ///< literals, the end of a block, lengths
inline constexpr std::size_t distance_symbols = 30;
inline constexpr std::size_t end_of_block = 256;
inline constexpr std::size_t first_length_symbol = 257;

/// Octets of a match by its symbol (3.2.5), from 257 on; extra bits count on from there.
inline constexpr std::array<std::uint16_t, 29> length_bases = {
    3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};

/// Extra bits of the n-th length symbol.
constexpr unsigned length_extra(std::size_t n) {
  return n < 8 || n == 28 ? 0 : static_cast<unsigned>((n - 4) / 4);
}

/// Extra bits of a distance symbol.
constexpr unsigned distance_extra(std::size_t n) {
  return n < 4 ? 0 : static_cast<unsigned>((n - 2) / 2);
}

/// The least distance of a symbol.
constexpr unsigned distance_base(std::size_t n) {
  return n < 4 ? static_cast<unsigned>(n) + 1
               : ((2 + static_cast<unsigned>(n & 1U)) << distance_extra(n)) + 1;
}

/// The order in which the lengths of the code lengths' codes stand (3.2.7).
inline constexpr std::array<std::uint8_t, 19> code_length_order = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

/// The codes of a block with fixed ones (3.2.6).
constexpr std::array<std::uint8_t, 288> fixed_literal_lengths() {
  std::array<std::uint8_t, 288> lengths{};
  for (std::size_t n = 0; n < lengths.size(); ++n)
    lengths[n] = n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8;
  return lengths;
}
constexpr std::array<std::uint8_t, distance_symbols> fixed_distance_lengths() {
  std::array<std::uint8_t, distance_symbols> lengths{};
  lengths.fill(5);
  return lengths;
}

}  // namespace tarn::builder
