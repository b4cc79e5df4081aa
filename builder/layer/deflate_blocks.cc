#include "builder/layer/deflate_blocks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <string>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

[[noreturn]] void malformed(const char* why) {
  throw Error(ErrorKind::failed, std::string("reading a deflate stream: ") + why);
}

std::uint64_t little_endian(const std::byte* octets) {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, octets, sizeof word);
  } else {
    for (unsigned i = 0; i < sizeof word; ++i)
      word |= static_cast<std::uint64_t>(octets[i]) << (8 * i);
  }
  return word;
}

/// Bits of a run of octets; behind its end come zeros, and is_past_end() says so.
class BitReader {
 public:
  explicit BitReader(ByteView data) : data_(data) {}

  /// At least 56 bits can be taken after it.
  void refill() {
    if (data_.size() - std::min(next_, data_.size()) >= 8) {
      buffer_ |= little_endian(data_.data() + next_) << count_;
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
  bool is_past_end() const { return position() > 8 * std::uint64_t{data_.size()}; }
  /// Goes on with the octet at `position`.
  void seek(std::uint64_t position) {
    next_ = static_cast<std::size_t>(position / 8);
    buffer_ = 0;
    count_ = 0;
  }

 private:
  ByteView data_;
  std::size_t next_ = 0;
  std::uint64_t buffer_ = 0;
  unsigned count_ = 0;
};

constexpr unsigned longest_code = 15;

/// What a code stands for, in one word, for speed.
class Symbol {
 public:
  enum Kind : std::uint32_t { none, literal, match, end };
  constexpr Symbol() = default;
  /// `base`: octets of a match without its extra bits, or the number of a symbol; `extra`: bits
  /// that follow the code.
  constexpr Symbol(Kind kind, std::size_t base, std::size_t extra)
      : word_(static_cast<std::uint32_t>(base << 16U | extra << 10U | kind << 8U)) {}
  constexpr Symbol with_bits(unsigned bits) const {
    Symbol symbol = *this;
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
class Code {
 public:
  /// `lengths` of the codes of symbols 0, 1, …; `meaning` gives what each stands for.
  template <typename Meaning>
  void build(std::span<const std::uint8_t> lengths, Meaning&& meaning) {
    counts_.fill(0);
    for (const std::uint8_t length : lengths) ++counts_[length];
    counts_[0] = 0;
    int left = 1;
    for (unsigned length = 1; length <= longest_code; ++length) {
      left = 2 * left - counts_[length];
      if (left < 0) malformed("too many codes");
    }
    std::array<std::uint16_t, longest_code + 2> offsets{};
    std::array<std::uint32_t, longest_code + 2> codes{};
    for (unsigned length = 1; length <= longest_code; ++length) {
      offsets[length + 1] = static_cast<std::uint16_t>(offsets[length] + counts_[length]);
      codes[length + 1] = (codes[length] + counts_[length]) << 1U;
    }
    table_.fill({});
    for (std::size_t n = 0; n < lengths.size(); ++n) {
      const unsigned length = lengths[n];
      if (length == 0) continue;
      const Symbol symbol = meaning(n).with_bits(length);
      symbols_[offsets[length]++] = symbol;
      const std::uint32_t code = reverse(codes[length]++, length);
      if (length > table_bits) continue;
      for (std::size_t i = code; i < table_.size(); i += std::size_t{1} << length)
        table_[i] = symbol;
    }
  }

  /// The symbol whose code comes next; its code is not taken.
  Symbol find(std::uint64_t bits) const {
    const Symbol symbol = table_[bits & (table_.size() - 1)];
    return symbol.bits() != 0 ? symbol : find_long(bits);
  }

 private:
  static constexpr unsigned table_bits = 11;

  static std::uint32_t reverse(std::uint32_t code, unsigned length) {
    std::uint32_t reversed = 0;
    for (unsigned i = 0; i < length; ++i) reversed |= ((code >> i) & 1U) << (length - 1 - i);
    return reversed;
  }

  Symbol find_long(std::uint64_t bits) const {
    unsigned code = 0;
    unsigned first = 0;
    unsigned index = 0;
    for (unsigned length = 1; length <= longest_code; ++length) {
      code |= static_cast<unsigned>(bits & 1U);
      bits >>= 1U;
      if (code < first + counts_[length]) return symbols_[index + code - first];
      index += counts_[length];
      first = (first + counts_[length]) << 1U;
      code <<= 1U;
    }
    malformed("a code that stands for nothing");
  }

  std::array<std::uint16_t, longest_code + 1> counts_{};
  std::array<Symbol, 288> symbols_{};
  std::array<Symbol, std::size_t{1} << table_bits> table_{};
};

/// Literals, the end of the block, and lengths of matches (3.2.5).
Symbol literal_or_length(std::size_t number) {
  constexpr std::array<std::uint16_t, 29> bases = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                   15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                   67, 83, 99, 115, 131, 163, 195, 227, 258};
  if (number < 256) return {Symbol::literal, 1, 0};
  if (number == 256) return {Symbol::end, 0, 0};
  const std::size_t n = number - 257;
  if (n >= bases.size()) return {};
  const std::size_t extra = n < 8 || n == 28 ? 0 : (n - 4) / 4;
  return {Symbol::match, bases[n], extra};
}

/// Of a distance only the number of its extra bits counts here.
Symbol distance(std::size_t number) {
  if (number >= 30) return {};
  const std::size_t extra = number < 4 ? 0 : (number - 2) / 2;
  return {Symbol::match, 0, extra};
}

Symbol plain_number(std::size_t number) {
  return {Symbol::literal, number, 0};
}

class BlockReader {
 public:
  explicit BlockReader(ByteView deflated) : bits_(deflated), end_(8 * deflated.size()) {}

  FinalBlock run() {
    for (;;) {
      const std::uint64_t begin = bits_.position();
      bits_.refill();
      const bool is_final = bits_.take(1) == 1;
      read_block(bits_.take(2));
      if (bits_.is_past_end()) malformed("it is cut short");
      if (is_final) return {begin, bits_.position(), size_};
    }
  }

 private:
  void read_block(unsigned type) {
    switch (type) {
      case 0:
        return skip_stored();
      case 1:
        return read_fixed();
      case 2:
        return read_dynamic();
      default:
        malformed("a block of unknown type");
    }
  }

  void skip_stored() {
    const std::uint64_t at = (bits_.position() + 7) / 8 * 8;
    if (at + 32 > end_) malformed("it is cut short");
    bits_.seek(at);
    bits_.refill();
    const unsigned length = bits_.take(16);
    if ((length ^ bits_.take(16)) != 0xffffU) malformed("a stored block of two lengths");
    if (at + 32 + 8 * std::uint64_t{length} > end_) malformed("it is cut short");
    size_ += length;
    bits_.seek(at + 32 + 8 * std::uint64_t{length});
  }

  void read_fixed() {
    std::array<std::uint8_t, 288> lengths{};
    for (std::size_t n = 0; n < lengths.size(); ++n)
      lengths[n] = n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8;
    std::array<std::uint8_t, 30> distances{};
    distances.fill(5);
    literals_.build(lengths, literal_or_length);
    distances_.build(distances, distance);
    read_codes();
  }

  void read_dynamic() {
    constexpr std::array<std::uint8_t, 19> order = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
    const std::size_t literals = bits_.take(5) + 257;
    const std::size_t distances = bits_.take(5) + 1;
    const std::size_t codes = bits_.take(4) + 4;
    std::array<std::uint8_t, 19> code_lengths{};
    for (std::size_t i = 0; i < codes; ++i) {
      bits_.refill();
      code_lengths[order[i]] = static_cast<std::uint8_t>(bits_.take(3));
    }
    literals_.build(code_lengths, plain_number);
    std::array<std::uint8_t, 320> lengths{};
    read_lengths(std::span(lengths).first(literals + distances));
    if (lengths[256] == 0) malformed("a block without an end");
    literals_.build(std::span(lengths).first(std::min<std::size_t>(literals, 288)),
                    literal_or_length);
    distances_.build(std::span(lengths).subspan(literals, distances), distance);
    read_codes();
  }

  void read_lengths(std::span<std::uint8_t> lengths) {
    for (std::size_t n = 0; n < lengths.size();) {
      bits_.refill();
      const Symbol symbol = literals_.find(bits_.peek());
      bits_.drop(symbol.bits());
      if (symbol.base() < 16) {
        lengths[n++] = static_cast<std::uint8_t>(symbol.base());
        continue;
      }
      if (symbol.base() == 16 && n == 0) malformed("a length of nothing is repeated");
      const std::uint8_t value = symbol.base() == 16 ? lengths[n - 1] : std::uint8_t{0};
      const std::size_t times = symbol.base() == 16   ? 3 + bits_.take(2)
                                : symbol.base() == 17 ? 3 + bits_.take(3)
                                                      : 11 + bits_.take(7);
      if (times > lengths.size() - n) malformed("too many lengths of codes");
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(n), times, value);
      n += times;
    }
  }

  void read_codes() {
    for (;;) {
      bits_.refill();
      Symbol symbol = literals_.find(bits_.peek());
      // Of the 56 bits at hand three literals take at most 45.
      for (int i = 0; i < 2 && symbol.kind() == Symbol::literal; ++i) {
        bits_.drop(symbol.bits());
        ++size_;
        symbol = literals_.find(bits_.peek());
      }
      bits_.drop(symbol.bits());
      if (symbol.kind() == Symbol::literal) {
        ++size_;
      } else if (symbol.kind() == Symbol::match) {
        size_ += symbol.base();
        bits_.refill();
        size_ += bits_.take(symbol.extra());
        const Symbol far = distances_.find(bits_.peek());
        if (far.kind() == Symbol::none) malformed("a distance that there is not");
        bits_.drop(far.bits() + far.extra());
      } else if (symbol.kind() == Symbol::end) {
        return;
      } else {
        malformed("a length that there is not");
      }
      if (bits_.is_past_end()) malformed("it is cut short");
    }
  }

  BitReader bits_;
  std::uint64_t end_;
  std::uint64_t size_ = 0;
  Code literals_;
  Code distances_;
};

}  // namespace

FinalBlock find_final_block(ByteView deflated) {
  return BlockReader(deflated).run();
}

}  // namespace tarn::builder
