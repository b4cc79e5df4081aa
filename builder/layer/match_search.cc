#include "builder/layer/match_search.h"

#include <algorithm>

#include "builder/layer/deflate_format.h"

namespace tarn::builder {
namespace {

constexpr std::size_t hashed = 4;  // octets
constexpr unsigned slot_bits = 13;
constexpr int most_tries = 8;
/// A match of this length is taken without a look at the next octet, and not remembered further.
constexpr std::size_t long_enough = 32;

}  // namespace

MatchSearch::MatchSearch(ByteView data) : data_(data), latest_(std::size_t{1} << slot_bits) {}

void MatchSearch::add(std::size_t begin, std::size_t end, DeflateTokens& tokens) {
  for (std::size_t at = begin; at < end;) {
    Match match = find(at, end);
    remember(at);
    if (match.length == 0) {
      tokens.literals(1);
      ++at;
      continue;
    }
    while (match.length < long_enough && at + 1 < end) {
      const Match next = find(at + 1, end);
      if (next.length <= match.length) break;
      tokens.literals(1);
      remember(++at);
      match = next;
    }
    tokens.match(static_cast<unsigned>(match.length), static_cast<unsigned>(match.distance));
    for (std::size_t i = 1; i < std::min(match.length, long_enough); ++i) remember(at + i);
    at += match.length;
  }
}

MatchSearch::Match MatchSearch::find(std::size_t at, std::size_t end) const {
  Match best;
  if (at > 0 && data_[at] == data_[at - 1]) best = {length_of(at, 1, end), 1};
  if (data_.size() - at >= hashed) {
    std::uint32_t place = latest_[slot(at)];
    for (int tries = 0; place != 0 && tries < most_tries; ++tries, place = places_[place].before) {
      const std::size_t distance = at - places_[place].at;
      if (distance > farthest_match) break;
      const std::size_t length = length_of(at, distance, end);
      // A repeated octet is cheaper than what is far.
      if (length > best.length + (best.distance == 1 ? 1 : 0)) best = {length, distance};
    }
  }
  return best.length < shortest_match ? Match{} : best;
}

std::size_t MatchSearch::length_of(std::size_t at, std::size_t distance, std::size_t end) const {
  const std::size_t most = std::min<std::size_t>(end - at, longest_match);
  std::size_t length = 0;
  while (length < most && data_[at + length] == data_[at + length - distance]) ++length;
  return length;
}

void MatchSearch::remember(std::size_t at) {
  if (data_.size() - at < hashed) return;
  std::uint32_t& latest = latest_[slot(at)];
  places_.push_back({at, latest});
  latest = static_cast<std::uint32_t>(places_.size() - 1);
}

std::size_t MatchSearch::slot(std::size_t at) const {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < hashed; ++i)
    word = word << 8U | std::to_integer<std::uint32_t>(data_[at + i]);
  return (word * 0x9e3779b1U) >> (32 - slot_bits);
}

}  // namespace tarn::builder
