#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "apk/support/bytes.h"
#include "builder/layer/deflate_format.h"

namespace tarn::builder {

/// A run of literals, and mostly a match behind it: what a deflate stream is made of, without the
/// literals' octets, which stand in its data. In one word, as there are many.
class DeflateToken {
 public:
  static constexpr unsigned most_literals = 255;

  /// Literals alone.
  static constexpr DeflateToken of_literals(unsigned literals) { return DeflateToken(literals); }
  static constexpr DeflateToken of_match(unsigned literals, unsigned length, unsigned distance) {
    return DeflateToken(literals | (length - shortest_match) << 8U | (distance - 1) << 16U |
                        1U << 31U);
  }

  constexpr unsigned literals() const { return word_ & 0xffU; }
  constexpr bool has_match() const { return (word_ >> 31U) != 0; }
  /// Of the match; there must be one.
  constexpr unsigned length() const { return ((word_ >> 8U) & 0xffU) + shortest_match; }
  constexpr unsigned distance() const { return ((word_ >> 16U) & 0x7fffU) + 1; }
  /// Octets of data.
  constexpr unsigned size() const { return literals() + (has_match() ? length() : 0); }

 private:
  explicit constexpr DeflateToken(std::uint32_t word) : word_(word) {}
  std::uint32_t word_;
};

/// Tokens as they are made; a sink of DeflateReader.
class DeflateTokens {
 public:
  void reserve(std::size_t count) { tokens_.reserve(count); }
  void literals(std::uint64_t count) { pending_ += count; }
  void match(unsigned length, unsigned distance) {
    while (pending_ > DeflateToken::most_literals) end_run();
    tokens_.push_back(DeflateToken::of_match(static_cast<unsigned>(pending_), length, distance));
    pending_ = 0;
  }
  /// All tokens; there are none behind.
  std::vector<DeflateToken> take() {
    while (pending_ != 0) end_run();
    return std::move(tokens_);
  }

 private:
  void end_run() {
    const std::uint64_t count = std::min<std::uint64_t>(pending_, DeflateToken::most_literals);
    tokens_.push_back(DeflateToken::of_literals(static_cast<unsigned>(count)));
    pending_ -= count;
  }

  std::vector<DeflateToken> tokens_;
  std::uint64_t pending_ = 0;  ///< literals
};

/// The tokens of a deflate stream, which can be looked up by the place in its data.
class DeflateTokenIndex {
 public:
  /// Reads the stream; nothing when it is not exactly one whole stream of `size` octets.
  static std::optional<DeflateTokenIndex> read(ByteView deflated, std::uint64_t size);

  struct Place {
    std::size_t token = 0;
    std::uint64_t begin = 0;  ///< where its data begins
  };
  /// The token in whose data the octet at `offset` lies; `offset` must be within the data.
  Place find(std::uint64_t offset) const;
  const std::vector<DeflateToken>& tokens() const { return tokens_; }

 private:
  explicit DeflateTokenIndex(std::vector<DeflateToken> tokens);

  std::vector<DeflateToken> tokens_;
  std::vector<std::uint64_t> begins_;  ///< of every 64th token
};

}  // namespace tarn::builder
