#include "apk/solver/suggestion.h"

#include <algorithm>
#include <tuple>

namespace tarn::apk {
namespace {

constexpr std::size_t kMostSuggestions = 3;
constexpr std::size_t kLongestName = 64;

/// How many letters have to be added, dropped, changed or swapped with their neighbour; `limit` + 1
/// for anything over `limit`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if ((a.size() > b.size() ? a.size() - b.size() : b.size() - a.size()) > limit) return limit + 1;
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    if (*std::min_element(row.begin(), row.end()) > limit) return limit + 1;
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::vector<std::string> similar_names(const Universe& universe, std::string_view name) {
  if (name.size() < 3 || name.size() > kLongestName) return {};
  const std::size_t limit = name.size() < 6 ? 1 : 2;
  std::vector<std::tuple<std::size_t, bool, std::string>> found;
  universe.number_all();
  for (NameId id = 0; id < universe.name_count(); ++id) {
    const auto providers = universe.providers(id);
    if (providers.empty()) continue;
    const std::string_view text = universe.text(id);
    const std::size_t distance = edit_distance(name, text, limit);
    if (distance == 0 || distance > limit) continue;
    const bool is_package = std::any_of(
        providers.begin(), providers.end(),
        [&](const Provider& provider) { return universe.name_of(provider.package) == id; });
    found.emplace_back(distance, !is_package, std::string(text));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& entry : found) {
    if (names.size() == kMostSuggestions) break;
    names.push_back(std::move(std::get<std::string>(entry)));
  }
  return names;
}

}  // namespace tarn::apk
