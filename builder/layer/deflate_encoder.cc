#include "builder/layer/deflate_encoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "apk/support/error.h"
#include "builder/layer/block_plan.h"
#include "builder/layer/huffman.h"

namespace tarn::builder {
namespace {

/// Writes bits, the least significant of an octet first, into memory that has 8 octets to spare.
class BitWriter {
 public:
  explicit BitWriter(std::byte* out) : out_(out) {}

  /// Up to 56 bits, with those since the last flush().
  void put(std::uint64_t bits, unsigned count) {
    buffer_ |= bits << count_;
    count_ += count;
  }
  void flush() {
    std::uint64_t word = buffer_;
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    std::memcpy(out_, &word, sizeof word);
    out_ += count_ >> 3U;
    buffer_ >>= count_ & ~7U;
    count_ &= 7U;
  }
  /// Fills up to a whole octet with zeros.
  void align() {
    if (count_ != 0) count_ = 8;
    flush();
  }
  /// Of what was put before all is flushed and aligned.
  void copy(ByteView octets) { out_ = std::ranges::copy(octets, out_).out; }
  bool is_aligned() const { return count_ == 0; }
  const std::byte* end() const { return out_; }

 private:
  std::byte* out_;
  std::uint64_t buffer_ = 0;
  unsigned count_ = 0;
};

struct BlockLengths {
  /// The fixed code has two that are never used, but count where codes are given out.
  std::array<std::uint8_t, fixed_literal_lengths().size()> literals{};
  std::array<std::uint8_t, distance_symbols> distances{};
};

std::uint64_t bits_of(const SymbolCounts& counts, const BlockLengths& lengths) {
  std::uint64_t bits = counts.extra_bits;
  for (std::size_t n = 0; n < literal_symbols; ++n)
    bits += std::uint64_t{counts.literals[n]} * lengths.literals[n];
  for (std::size_t n = 0; n < distance_symbols; ++n)
    bits += std::uint64_t{counts.distances[n]} * lengths.distances[n];
  return bits;
}

/// The codes of a block as they stand at its start (3.2.7).
class CodesHeader {
 public:
  explicit CodesHeader(const BlockLengths& lengths) {
    while (literals_ > first_length_symbol && lengths.literals[literals_ - 1] == 0) --literals_;
    while (distances_ > 1 && lengths.distances[distances_ - 1] == 0) --distances_;
    std::array<std::uint8_t, literal_symbols + distance_symbols> all;
    const auto middle = std::copy_n(lengths.literals.begin(), literals_, all.begin());
    std::copy_n(lengths.distances.begin(), distances_, middle);
    add_runs(std::span(all).first(literals_ + distances_));
    std::array<std::uint32_t, code_length_order.size()> counts{};
    for (std::size_t i = 0; i < run_count_; ++i) ++counts[runs_[i].symbol];
    huffman_lengths(counts, 7, lengths_);
    huffman_codes(lengths_, codes_);
    while (lengths_count_ > 4 && lengths_[code_length_order[lengths_count_ - 1]] == 0)
      --lengths_count_;
  }

  std::uint64_t bits() const {
    std::uint64_t bits = 5 + 5 + 4 + 3 * lengths_count_;
    for (std::size_t i = 0; i < run_count_; ++i)
      bits += lengths_[runs_[i].symbol] + extra(runs_[i].symbol);
    return bits;
  }

  void write(BitWriter& out) const {
    out.put(literals_ - 257, 5);
    out.put(distances_ - 1, 5);
    out.put(lengths_count_ - 4, 4);
    for (std::size_t i = 0; i < lengths_count_; ++i) {
      out.put(lengths_[code_length_order[i]], 3);
      out.flush();
    }
    for (std::size_t i = 0; i < run_count_; ++i) {
      out.put(codes_[runs_[i].symbol], lengths_[runs_[i].symbol]);
      out.put(runs_[i].times, extra(runs_[i].symbol));
      out.flush();
    }
  }

 private:
  struct Run {
    std::uint8_t symbol;
    std::uint8_t times;  ///< above the least
  };

  static unsigned extra(std::uint8_t symbol) {
    return symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0;
  }

  void add(unsigned symbol, std::size_t times = 0) {
    runs_[run_count_++] = {static_cast<std::uint8_t>(symbol), static_cast<std::uint8_t>(times)};
  }

  void add_runs(std::span<const std::uint8_t> lengths) {
    for (std::size_t begin = 0, end = 0; begin < lengths.size(); begin = end) {
      const std::uint8_t value = lengths[begin];
      while (end < lengths.size() && lengths[end] == value) ++end;
      std::size_t left = end - begin;
      if (value == 0) {
        for (; left >= 11; left -= std::min<std::size_t>(left, 138))
          add(18, std::min<std::size_t>(left, 138) - 11);
        if (left >= 3) add(17, std::exchange(left, 0) - 3);
      } else {
        add(value);
        --left;
        // A rest of less than three could not be repeated.
        while (left >= 3) {
          const std::size_t times = left == 7 ? 4 : left == 8 ? 5 : std::min<std::size_t>(left, 6);
          add(16, times - 3);
          left -= times;
        }
      }
      for (; left > 0; --left) add(value);
    }
  }

  std::size_t literals_ = literal_symbols;
  std::size_t distances_ = distance_symbols;
  std::array<Run, literal_symbols + distance_symbols> runs_;
  std::size_t run_count_ = 0;
  std::array<std::uint8_t, code_length_order.size()> lengths_{};
  std::array<std::uint32_t, code_length_order.size()> codes_{};
  std::size_t lengths_count_ = code_length_order.size();
};

enum class BlockType : unsigned { stored = 0, fixed = 1, dynamic = 2 };

constexpr std::size_t longest_stored = 65535;

/// A block, and how it is written.
struct Block {
  BlockPlan plan;
  BlockType type = BlockType::dynamic;
  BlockLengths lengths{};
  std::uint64_t bits = 0;  ///< at most
};

Block make_block(BlockPlan plan) {
  Block block{std::move(plan)};
  SymbolCounts& counts = block.plan.counts;
  huffman_lengths(counts.literals, longest_deflate_code, block.lengths.literals);
  huffman_lengths(counts.distances, longest_deflate_code, block.lengths.distances);
  block.bits = 3 + CodesHeader(block.lengths).bits() + bits_of(counts, block.lengths);

  const BlockLengths fixed{fixed_literal_lengths(), fixed_distance_lengths()};
  const std::uint64_t fixed_bits = 3 + bits_of(counts, fixed);
  if (fixed_bits <= block.bits) {
    block.type = BlockType::fixed;
    block.lengths = fixed;
    block.bits = fixed_bits;
  }
  const std::size_t size = block.plan.data.size();
  const std::uint64_t stored_bits =
      8 * std::uint64_t{size} + (3 + 7 + 32) * ((size + longest_stored - 1) / longest_stored);
  if (stored_bits <= block.bits) {
    block.type = BlockType::stored;
    block.bits = stored_bits;
  }
  return block;
}

void write_stored(ByteView data, BitWriter& out) {
  do {
    const ByteView part = data.first(std::min(data.size(), longest_stored));
    data = data.subspan(part.size());
    out.put(0, 3);
    out.flush();
    out.align();
    out.put(part.size() | (~part.size() & 0xffffU) << 16U, 32);
    out.flush();
    out.copy(part);
  } while (!data.empty());
}

/// The bits of a symbol, with the extra bits of what it stands for.
struct Bits {
  std::uint32_t bits = 0;
  std::uint32_t count = 0;
};

/// Codes in tables by what they stand for.
class BlockCodes {
 public:
  explicit BlockCodes(const BlockLengths& lengths) {
    std::array<std::uint32_t, fixed_literal_lengths().size()> codes;
    huffman_codes(lengths.literals, codes);
    for (std::size_t n = 0; n < literals_.size(); ++n)
      literals_[n] = {codes[n], lengths.literals[n]};
    for (unsigned length = shortest_match; length <= longest_match; ++length) {
      const std::size_t n = length_symbol(length);
      const unsigned bits = lengths.literals[first_length_symbol + n];
      lengths_[length] = {codes[first_length_symbol + n] | (length - length_bases[n]) << bits,
                          bits + length_extra(n)};
    }
    end_ = {codes[end_of_block], lengths.literals[end_of_block]};
    huffman_codes(lengths.distances, distance_codes_);
    for (std::size_t n = 0; n < distance_symbols; ++n) distance_lengths_[n] = lengths.distances[n];
  }

  void write(const BlockPlan& plan, BitWriter& writer) const {
    BitWriter out = writer;
    const std::byte* next = plan.data.data();
    for (const DeflateToken token : plan.tokens) {
      unsigned literals = token.literals();
      for (; literals >= 3; literals -= 3) {
        for (int i = 0; i < 3; ++i) put(out, literals_[std::to_integer<std::size_t>(*next++)]);
        out.flush();
      }
      for (; literals > 0; --literals) put(out, literals_[std::to_integer<std::size_t>(*next++)]);
      out.flush();
      if (!token.has_match()) continue;
      put(out, lengths_[token.length()]);
      const std::size_t n = distance_symbol(token.distance());
      const std::uint64_t extra = token.distance() - distance_base(n);
      out.put(distance_codes_[n] | extra << distance_lengths_[n],
              distance_lengths_[n] + distance_extra(n));
      out.flush();
      next += token.length();
    }
    put(out, end_);
    out.flush();
    writer = out;
  }

 private:
  static void put(BitWriter& out, Bits bits) { out.put(bits.bits, bits.count); }

  std::array<Bits, 256> literals_;
  std::array<Bits, longest_match + 1> lengths_;
  std::array<std::uint32_t, distance_symbols> distance_codes_;
  std::array<unsigned, distance_symbols> distance_lengths_;
  Bits end_;
};

void write_block(const Block& block, BitWriter& out) {
  if (block.type == BlockType::stored) return write_stored(block.plan.data, out);
  out.put(static_cast<unsigned>(block.type) << 1U, 3);
  if (block.type == BlockType::dynamic) CodesHeader(block.lengths).write(out);
  out.flush();
  BlockCodes(block.lengths).write(block.plan, out);
}

void check(ByteView data, std::span<const DeflateToken> tokens) {
  std::uint64_t at = 0;
  bool is_within = true;
  for (const DeflateToken token : tokens) {
    at += token.literals();
    if (!token.has_match()) continue;
    is_within = is_within && token.distance() <= at;
    at += token.length();
  }
  if (at != data.size() || !is_within)
    throw Error(ErrorKind::failed, "compressing the layer: tokens that do not fit their data");
}

}  // namespace

Bytes encode_deflate(ByteView data, std::span<const DeflateToken> tokens) {
  check(data, tokens);
  std::vector<Block> blocks;
  std::uint64_t bits = 0;
  for (BlockPlan& plan : plan_blocks(data, tokens)) {
    blocks.push_back(make_block(std::move(plan)));
    bits += blocks.back().bits;
  }
  // An empty stored block fills the last octet; a word to spare is for the writer.
  Bytes out(bits / 8 + 16 + sizeof(std::uint64_t));
  BitWriter writer(out.data());
  for (const Block& block : blocks) write_block(block, writer);
  if (!writer.is_aligned()) write_stored({}, writer);
  out.resize(static_cast<std::size_t>(writer.end() - out.data()));
  return out;
}

}  // namespace tarn::builder
