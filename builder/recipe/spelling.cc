#include "builder/recipe/spelling.h"

#include <algorithm>

#include <fmt/core.h>
#include <fmt/ranges.h>

namespace tarn::builder {
namespace {

/// Longer words are no misspelt names; comparing them would only take time.
constexpr std::size_t longest_word = 64;

std::string folded(std::string_view word) {
  std::string text;
  for (char c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    text += c == '_' ? '-' : c;
  }
  return text;
}

/// The number of changes between two words, each letter moved at most once.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> current(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
        current[j] = std::min(current[j], before_last[j - 2] + 1);
    }
    before_last = last;
    std::swap(last, current);
  }
  return last[right.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > longest_word) return {};
  const auto wanted = folded(word);
  std::size_t best = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  std::string nearest;
  for (const auto& candidate : candidates) {
    const auto changes = distance(wanted, folded(candidate));
    if (changes >= best) continue;
    best = changes;
    nearest = candidate;
  }
  return nearest;
}

std::string spelling_hint(std::string_view word, const std::vector<std::string>& candidates,
                          std::string_view label) {
  if (const auto nearest = nearest_word(word, candidates); !nearest.empty())
    return fmt::format("did you mean '{}'?", nearest);
  if (candidates.empty()) return {};
  return fmt::format("known {}: {}", label, fmt::join(candidates, ", "));
}

}  // namespace tarn::builder
