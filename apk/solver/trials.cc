#include "apk/solver/trials.h"

#include <algorithm>
#include <variant>

#include "apk/solver/search.h"

namespace tarn::apk {

std::vector<Problem> Trials::problems(const std::vector<Dependency>& world) {
  if (left_ > 0) --left_;
  request_.world = world;
  auto result = search_in(universe_, request_);
  if (std::holds_alternative<Search>(result)) return {};
  return std::get<std::vector<Problem>>(std::move(result));
}

bool Trials::has(const std::vector<Dependency>& world, const Problem& problem) {
  const auto found = problems(world);
  return std::any_of(found.begin(), found.end(),
                     [&](const Problem& other) { return is_same_problem(other, problem); });
}

std::vector<Dependency> edited(std::vector<Dependency> world, const WorldEdit& edit) {
  if (edit.instead_of) {
    const auto place = std::find(world.begin(), world.end(), *edit.instead_of);
    if (place != world.end()) {
      *place = edit.entry;
      return world;
    }
  }
  world.push_back(edit.entry);
  return world;
}

}  // namespace tarn::apk
