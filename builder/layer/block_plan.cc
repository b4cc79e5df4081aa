#include "builder/layer/block_plan.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tarn::builder {
namespace {

/// Symbols in the runs that blocks are joined from.
constexpr std::size_t symbols_of_run = 1024;

constexpr auto length_symbols = [] {
  std::array<std::uint8_t, longest_match + 1> symbols{};
  for (std::size_t n = 0; n < length_bases.size(); ++n)
    for (std::size_t length = length_bases[n]; length <= longest_match; ++length)
      symbols[length] = static_cast<std::uint8_t>(n);
  return symbols;
}();

/// Of distances up to 256 one by one, then of each 128.
constexpr auto distance_symbols_table = [] {
  std::array<std::uint8_t, 512> symbols{};
  for (std::size_t n = 0; n < distance_symbols; ++n)
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const std::size_t distance = i < 256 ? i + 1 : ((i - 256) << 7U) + 1;
      if (distance >= distance_base(n)) symbols[i] = static_cast<std::uint8_t>(n);
    }
  return symbols;
}();

/// Logarithms are counted in parts of a bit, in whole numbers, so that every machine cuts alike.
constexpr unsigned log_fraction = 10;
constexpr std::size_t log_table_size = 4096;

constexpr auto log_table = [] {
  std::array<std::uint16_t, log_table_size> logs{};
  for (std::size_t n = 1; n < logs.size(); ++n) {
    const auto whole = static_cast<unsigned>(std::bit_width(n)) - 1;
    // n as 1.x with 30 bits behind the point; squaring it gives a bit of the logarithm each time.
    std::uint64_t x = (std::uint64_t{n} << 30U) >> whole;
    unsigned log = whole;
    for (unsigned bit = 0; bit < log_fraction; ++bit) {
      x = (x * x) >> 30U;
      log <<= 1U;
      if (x >= std::uint64_t{2} << 30U) {
        x >>= 1U;
        log |= 1U;
      }
    }
    logs[n] = static_cast<std::uint16_t>(log);
  }
  return logs;
}();

/// n times the logarithm of n.
std::uint64_t n_log_n(std::uint64_t n) {
  if (n < log_table_size) return n * log_table[n];
  const auto shift = static_cast<unsigned>(std::bit_width(n)) - std::bit_width(log_table_size - 1);
  return n * (log_table[n >> shift] + (std::uint64_t{shift} << log_fraction));
}

struct Entropy {
  std::uint64_t bits = 0;
  std::uint64_t symbols = 0;  ///< that occur
};

Entropy entropy(std::span<const std::uint32_t> counts) {
  std::uint64_t sum = 0;
  std::uint64_t logs = 0;
  std::uint64_t symbols = 0;
  for (const std::uint32_t count : counts) {
    sum += count;
    logs += n_log_n(count);
    symbols += count != 0 ? 1 : 0;
  }
  return {(n_log_n(sum) - std::min(logs, n_log_n(sum))) >> log_fraction, symbols};
}

/// About how many bits a block takes: with its symbols' entropy, and three bits for each code.
std::uint64_t cost(const SymbolCounts& counts) {
  constexpr std::uint64_t beginning = 60;
  const Entropy literals = entropy(counts.literals);
  const Entropy distances = entropy(counts.distances);
  return beginning + counts.extra_bits + literals.bits + distances.bits +
         3 * (literals.symbols + distances.symbols);
}

SymbolCounts sum(const SymbolCounts& left, const SymbolCounts& right) {
  SymbolCounts both;
  for (std::size_t n = 0; n < both.literals.size(); ++n)
    both.literals[n] = left.literals[n] + right.literals[n];
  for (std::size_t n = 0; n < both.distances.size(); ++n)
    both.distances[n] = left.distances[n] + right.distances[n];
  both.literals[end_of_block] = 1;
  both.extra_bits = left.extra_bits + right.extra_bits;
  return both;
}

void count_literals(ByteView data, std::size_t at, std::size_t count, SymbolCounts& counts) {
  // Most runs are short, and of any length: what does not count is faster than a wrong guess.
  constexpr std::size_t usual = 4;
  std::size_t i = 0;
  if (data.size() - at >= usual)
    for (; i < usual; ++i)
      counts.literals[std::to_integer<std::size_t>(data[at + i])] += i < count ? 1 : 0;
  for (; i < count; ++i) ++counts.literals[std::to_integer<std::size_t>(data[at + i])];
}

/// Takes the next run off the front of the tokens and the data.
BlockPlan next_run(std::span<const DeflateToken>& tokens, ByteView& data) {
  BlockPlan run;
  std::size_t symbols = 0;
  std::size_t count = 0;
  std::size_t at = 0;
  SymbolCounts& counts = run.counts;
  while (count < tokens.size() && symbols < symbols_of_run) {
    const DeflateToken token = tokens[count++];
    count_literals(data, at, token.literals(), counts);
    at += token.literals();
    symbols += token.literals();
    if (!token.has_match()) continue;
    const std::size_t length = length_symbol(token.length());
    const std::size_t distance = distance_symbol(token.distance());
    ++counts.literals[first_length_symbol + length];
    ++counts.distances[distance];
    counts.extra_bits += length_extra(length) + distance_extra(distance);
    at += token.length();
    ++symbols;
  }
  counts.literals[end_of_block] = 1;
  run.tokens = tokens.first(count);
  run.data = data.first(at);
  tokens = tokens.subspan(count);
  data = data.subspan(at);
  return run;
}

/// Joins neighbours, those first that save the most.
class Joining {
 public:
  explicit Joining(std::vector<BlockPlan> runs) : runs_(std::move(runs)), states_(runs_.size()) {
    for (std::size_t i = 0; i < runs_.size(); ++i)
      states_[i] = {i == 0 ? 0 : i - 1, i + 1, cost(runs_[i].counts), 0};
    for (std::size_t i = 0; i < runs_.size(); ++i) find_saving(i);
  }

  std::vector<BlockPlan> run() {
    while (join_best()) {
    }
    std::vector<BlockPlan> blocks;
    for (std::size_t i = 0; i < runs_.size(); i = states_[i].next)
      blocks.push_back(std::move(runs_[i]));
    return blocks;
  }

 private:
  struct State {
    std::size_t previous = 0;
    std::size_t next = 0;
    std::uint64_t cost = 0;
    std::uint64_t saving = 0;  ///< of joining it with the next
  };

  void find_saving(std::size_t i) {
    State& state = states_[i];
    state.saving = 0;
    if (state.next == runs_.size()) return;
    const std::uint64_t apart = state.cost + states_[state.next].cost;
    const std::uint64_t joined = cost(sum(runs_[i].counts, runs_[state.next].counts));
    state.saving = apart > joined ? apart - joined : 0;
  }

  bool join_best() {
    std::size_t best = 0;
    for (std::size_t i = 0; i < runs_.size(); i = states_[i].next)
      if (states_[i].saving > states_[best].saving) best = i;
    if (runs_.empty() || states_[best].saving == 0) return false;
    State& state = states_[best];
    BlockPlan& left = runs_[best];
    const BlockPlan& right = runs_[state.next];
    left.counts = sum(left.counts, right.counts);
    left.tokens = {left.tokens.data(), left.tokens.size() + right.tokens.size()};
    left.data = {left.data.data(), left.data.size() + right.data.size()};
    state.cost = cost(left.counts);
    state.next = states_[state.next].next;
    if (state.next < runs_.size()) states_[state.next].previous = best;
    find_saving(best);
    if (best != 0) find_saving(state.previous);
    return true;
  }

  std::vector<BlockPlan> runs_;
  std::vector<State> states_;
};

}  // namespace

std::size_t length_symbol(unsigned length) {
  return length_symbols[length];
}

std::size_t distance_symbol(unsigned distance) {
  const unsigned n = distance - 1;
  return distance_symbols_table[n < 256 ? n : 256 + (n >> 7U)];
}

std::vector<BlockPlan> plan_blocks(ByteView data, std::span<const DeflateToken> tokens) {
  std::vector<BlockPlan> runs;
  runs.reserve(data.size() / symbols_of_run + 1);
  while (!tokens.empty()) runs.push_back(next_run(tokens, data));
  return Joining(std::move(runs)).run();
}

}  // namespace tarn::builder
