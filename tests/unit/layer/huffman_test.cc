#include "builder/layer/huffman.h"

#include <array>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace tarn::builder;

namespace {

/// What the codes take of all that there are, in codes of `longest` bits.
std::uint64_t taken(const std::vector<std::uint8_t>& lengths, unsigned longest) {
  std::uint64_t sum = 0;
  for (const std::uint8_t length : lengths)
    if (length != 0) sum += std::uint64_t{1} << (longest - length);
  return sum;
}

std::vector<std::uint8_t> lengths_of(const std::vector<std::uint32_t>& counts, unsigned longest) {
  std::vector<std::uint8_t> lengths(counts.size(), 99);
  huffman_lengths(counts, longest, lengths);
  return lengths;
}

}  // namespace

TEST_CASE("huffman: lengths of small codes") {
  struct {
    std::vector<std::uint32_t> counts;
    std::vector<std::uint8_t> lengths;
  } const rows[] = {
      {{}, {}},
      {{0, 0}, {0, 0}},
      {{0, 7, 0}, {0, 1, 0}},
      {{7, 1}, {1, 1}},
      {{1, 1, 2}, {2, 2, 1}},
      {{5, 0, 5, 5, 5}, {2, 0, 2, 2, 2}},
      {{8, 4, 2, 1, 1}, {1, 2, 3, 4, 4}},
  };
  for (const auto& row : rows) CHECK(lengths_of(row.counts, 15) == row.lengths);
}

TEST_CASE("huffman: bounded codes use all there is, and frequent symbols have the shorter ones") {
  std::mt19937 random(3);
  for (const unsigned longest : {7U, 15U}) {
    for (int round = 0; round < 300; ++round) {
      std::vector<std::uint32_t> counts(2 + random() % (longest == 7 ? 17 : 284));
      // Sums that grow like Fibonacci's need the longest codes.
      const auto spread = static_cast<unsigned>(random() % 31);
      for (auto& count : counts)
        count = static_cast<std::uint32_t>((random() % 2) << random() % (spread + 1));
      counts.front() = counts.back() = 1;
      const auto lengths = lengths_of(counts, longest);
      CHECK(taken(lengths, longest) == std::uint64_t{1} << longest);
      for (std::size_t i = 0; i < counts.size(); ++i) {
        CHECK((lengths[i] == 0) == (counts[i] == 0));
        CHECK(lengths[i] <= longest);
        for (std::size_t j = 0; j < i; ++j)
          if (counts[i] != 0 && counts[j] > counts[i]) CHECK(lengths[j] <= lengths[i]);
      }
    }
  }
}

TEST_CASE("huffman: codes as the format gives them out") {
  // The example of RFC 1951, 3.2.2: its codes, their bits turned round.
  const std::array<std::uint8_t, 8> lengths{3, 3, 3, 3, 3, 2, 4, 4};
  std::array<std::uint32_t, 8> codes{};
  huffman_codes(lengths, codes);
  CHECK(codes ==
        std::array<std::uint32_t, 8>{0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111});
}
