#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "apk/support/bytes.h"
#include "builder/layer/deflate_tokens.h"

namespace tarn::builder {

/// Searches for matches in the parts of some data for which none are known: the headers of a tar,
/// which are much like each other. Looks only into parts that were added before.
class MatchSearch {
 public:
  explicit MatchSearch(ByteView data);

  /// Adds the tokens of the data from `begin` up to `end`; parts are given in ascending order.
  void add(std::size_t begin, std::size_t end, DeflateTokens& tokens);

 private:
  struct Match {
    std::size_t length = 0;  ///< 0: none
    std::size_t distance = 0;
  };

  Match find(std::size_t at, std::size_t end) const;
  std::size_t length_of(std::size_t at, std::size_t distance, std::size_t end) const;
  void remember(std::size_t at);
  std::size_t slot(std::size_t at) const;

  ByteView data_;
  /// Places seen, each with the number of the one before it that begins alike; the first is none.
  struct Place {
    std::size_t at = 0;
    std::uint32_t before = 0;
  };
  std::vector<Place> places_ = std::vector<Place>(1);
  std::vector<std::uint32_t> latest_;  ///< by the hash of four octets
};

}  // namespace tarn::builder
