#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "apk/support/bytes.h"
#include "builder/layer/deflate_format.h"

namespace tarn::builder {

/// Throws Error (failed): a stream is malformed.
[[noreturn]] void malformed_deflate(const char* why);

/// Bits of a run of octets, the least significant of an octet first; behind its end come zeros, and
/// is_past_end() says so.
class DeflateBits {
 public:
  explicit DeflateBits(ByteView data) : data_(data) {}

  /// At least 56 bits can be taken after it.
  void refill() {
    if (data_.size() - std::min(next_, data_.size()) >= 8) {
      buffer_ |= word_at(data_.data() + next_) << count_;
      next_ += (63 - count_) / 8;
      count_ |= 56U;
      return;
    }
    for (; count_ <= 56; count_ += 8, ++next_)
      if (next_ < data_.size()) buffer_ |= static_cast<std::uint64_t>(data_[next_]) << count_;
  }
  std::uint64_t peek() const { return buffer_; }
  void drop(unsigned bits) {
    buffer_ >>= bits;
    count_ -= bits;
  }
  unsigned take(unsigned bits) {
    const auto value = static_cast<unsigned>(buffer_ & ((std::uint64_t{1} << bits) - 1));
    drop(bits);
    return value;
  }
  /// Bits taken.
  std::uint64_t position() const { return 8 * std::uint64_t{next_} - count_; }
  std::uint64_t end() const { return 8 * std::uint64_t{data_.size()}; }
  bool is_past_end() const { return position() > end(); }
  /// Goes on with the octet at `position`.
  void seek(std::uint64_t position) {
    next_ = static_cast<std::size_t>(position / 8);
    buffer_ = 0;
    count_ = 0;
  }

 private:
  static std::uint64_t word_at(const std::byte* octets) {
    std::uint64_t word = 0;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&word, octets, sizeof word);
    } else {
      for (unsigned i = 0; i < sizeof word; ++i)
        word |= static_cast<std::uint64_t>(octets[i]) << (8 * i);
    }
    return word;
  }

  ByteView data_;
  std::size_t next_ = 0;
  std::uint64_t buffer_ = 0;
  unsigned count_ = 0;
};

/// What a code stands for, in one word, for speed.
class DeflateSymbol {
 public:
  enum Kind : std::uint32_t { none, literal, match, end };
  constexpr DeflateSymbol() = default;
  /// `base`: octets or distance of a match without its extra bits, or the number of a symbol;
  /// `extra`: bits that follow the code.
  constexpr DeflateSymbol(Kind kind, std::size_t base, std::size_t extra)
      : word_(static_cast<std::uint32_t>(base << 16U | extra << 10U | kind << 8U)) {}
  constexpr DeflateSymbol with_bits(unsigned bits) const {
    DeflateSymbol symbol = *this;
    symbol.word_ |= bits;
    return symbol;
  }
  unsigned bits() const { return word_ & 0xffU; }
  Kind kind() const { return static_cast<Kind>((word_ >> 8U) & 3U); }
  unsigned extra() const { return (word_ >> 10U) & 0x3fU; }
  unsigned base() const { return word_ >> 16U; }

 private:
  std::uint32_t word_ = 0;
};

/// A Huffman code (RFC 1951, 3.2.2): short codes by a table, long ones bit by bit.
class DeflateCode {
 public:
  /// `lengths` of the codes of symbols 0, 1, …; `meanings` says what each stands for.
  void build(std::span<const std::uint8_t> lengths, std::span<const DeflateSymbol> meanings);

  /// The symbol whose code comes next; its code is not taken.
  DeflateSymbol find(std::uint64_t bits) const {
    const DeflateSymbol symbol = table_[bits & (table_.size() - 1)];
    return symbol.bits() != 0 ? symbol : find_long(bits);
  }

 private:
  static constexpr unsigned table_bits = 11;

  DeflateSymbol find_long(std::uint64_t bits) const;

  std::array<std::uint16_t, longest_deflate_code + 1> counts_{};
  std::array<DeflateSymbol, 320> symbols_{};
  std::array<DeflateSymbol, std::size_t{1} << table_bits> table_{};
};

/// The codes of one block.
struct DeflateBlockCodes {
  DeflateCode literals;  ///< and lengths
  DeflateCode distances;

  /// Those of a block with fixed codes.
  void build_fixed();
  /// Reads those at the start of a block with codes of its own.
  void read(DeflateBits& bits);
};

/// Where a stream that was read ends.
struct DeflateEnd {
  std::uint64_t final_block = 0;  ///< first bit of the final block, which says that it is final
  std::uint64_t end = 0;          ///< bits up to the end of the stream
  std::uint64_t size = 0;         ///< octets that the whole stream holds
};

/// Reads a raw deflate stream and shows what it is made of to `sink`: sink.literals(count) and
/// sink.match(length, distance), in order. No data is made. Each distance lies within what came
/// before it. Every function throws Error (failed) when there is no whole stream, or one of more
/// than `limit` octets.
template <typename Sink>
class DeflateReader {
 public:
  DeflateReader(ByteView deflated, Sink& sink,
                std::uint64_t limit = std::numeric_limits<std::uint64_t>::max())
      : bits_(deflated), sink_(sink), limit_(limit) {}

  DeflateEnd run() {
    for (;;) {
      const std::uint64_t begin = bits_.position();
      bits_.refill();
      const bool is_final = bits_.take(1) == 1;
      read_block(bits_.take(2));
      if (bits_.is_past_end()) malformed_deflate("it is cut short");
      if (is_final) return {begin, bits_.position(), size_};
    }
  }

 private:
  void read_block(unsigned type) {
    switch (type) {
      case 0:
        return read_stored();
      case 1:
        codes_.build_fixed();
        return read_codes();
      case 2:
        codes_.read(bits_);
        return read_codes();
      default:
        malformed_deflate("a block of unknown type");
    }
  }

  void read_stored() {
    const std::uint64_t at = (bits_.position() + 7) / 8 * 8;
    if (at + 32 > bits_.end()) malformed_deflate("it is cut short");
    bits_.seek(at);
    bits_.refill();
    const unsigned length = bits_.take(16);
    if ((length ^ bits_.take(16)) != 0xffffU) malformed_deflate("a stored block of two lengths");
    const std::uint64_t end = at + 32 + 8 * std::uint64_t{length};
    if (end > bits_.end()) malformed_deflate("it is cut short");
    size_ += length;
    if (size_ > limit_) malformed_deflate("it holds more than it should");
    sink_.literals(length);
    bits_.seek(end);
  }

  void read_codes() {
    DeflateBits bits = bits_;
    std::uint64_t size = size_;
    std::uint64_t shown = size;  // of it
    const DeflateCode& literals = codes_.literals;
    const DeflateCode& distances = codes_.distances;
    for (;;) {
      bits.refill();
      DeflateSymbol symbol = literals.find(bits.peek());
      // Of the 56 bits at hand three literals take at most 45.
      for (int i = 0; i < 2 && symbol.kind() == DeflateSymbol::literal; ++i) {
        bits.drop(symbol.bits());
        ++size;
        symbol = literals.find(bits.peek());
      }
      bits.drop(symbol.bits());
      if (symbol.kind() == DeflateSymbol::literal) {
        ++size;
      } else if (symbol.kind() == DeflateSymbol::match) {
        if (size != shown) sink_.literals(size - shown);
        bits.refill();
        const unsigned length = symbol.base() + bits.take(symbol.extra());
        const DeflateSymbol far = distances.find(bits.peek());
        bits.drop(far.bits());
        const unsigned distance = far.base() + bits.take(far.extra());
        if (far.kind() == DeflateSymbol::none || distance > size)
          malformed_deflate("a distance that there is not");
        size += length;
        shown = size;
        sink_.match(length, distance);
      } else if (symbol.kind() == DeflateSymbol::end) {
        break;
      } else {
        malformed_deflate("a length that there is not");
      }
      if (bits.is_past_end()) malformed_deflate("it is cut short");
      if (size > limit_) malformed_deflate("it holds more than it should");
    }
    if (size != shown) sink_.literals(size - shown);
    if (size > limit_) malformed_deflate("it holds more than it should");
    bits_ = bits;
    size_ = size;
  }

  DeflateBits bits_;
  Sink& sink_;
  std::uint64_t limit_;
  std::uint64_t size_ = 0;
  DeflateBlockCodes codes_;
};

}  // namespace tarn::builder
