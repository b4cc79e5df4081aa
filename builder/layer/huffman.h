#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tarn::builder {

/// Lengths of the codes of a Huffman code for symbols that occur `counts[n]` times, none longer
/// than `longest`; 0 for a symbol that does not occur. Shortest in sum but for the codes that the
/// bound cuts. A lone symbol gets a code of one bit. There are at most 286 symbols and
/// 2^`longest` that occur.
void huffman_lengths(std::span<const std::uint32_t> counts, unsigned longest,
                     std::span<std::uint8_t> lengths);

/// The codes of these lengths (RFC 1951, 3.2.2), their first bit the least significant.
void huffman_codes(std::span<const std::uint8_t> lengths, std::span<std::uint32_t> codes);

}  // namespace tarn::builder
