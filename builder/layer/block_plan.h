#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "apk/support/bytes.h"
#include "builder/layer/deflate_format.h"
#include "builder/layer/deflate_tokens.h"

namespace tarn::builder {

/// The symbol of a match's length, counted from the first such symbol; of its distance.
std::size_t length_symbol(unsigned length);
std::size_t distance_symbol(unsigned distance);

/// How often each symbol occurs in a block.
struct SymbolCounts {
  std::array<std::uint32_t, literal_symbols> literals{};
  std::array<std::uint32_t, distance_symbols> distances{};
  std::uint64_t extra_bits = 0;  ///< of all matches
};

/// A run of tokens that becomes one block.
struct BlockPlan {
  std::span<const DeflateToken> tokens;
  ByteView data;
  SymbolCounts counts;
};

/// Cuts tokens into blocks where their symbols change, so that together with the codes they take
/// few bits. The sizes of the tokens must sum up to that of the data.
std::vector<BlockPlan> plan_blocks(ByteView data, std::span<const DeflateToken> tokens);

}  // namespace tarn::builder
