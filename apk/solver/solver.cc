#include "apk/solver/solver.h"

#include <algorithm>
#include <utility>

#include "apk/solver/change_order.h"
#include "apk/solver/problem_collection.h"
#include "apk/solver/search.h"
#include "apk/solver/unsatisfiable.h"

namespace tarn::apk {
namespace {

/// Leaves entries out of world whose package cannot be: whether there are any to leave out.
bool leave_out_broken(const Search& search, const Request& request, std::vector<bool>& left_out) {
  bool any = false;
  left_out.resize(request.world.size());
  for (const WorldEntry& entry : search.world()) {
    const Provider& chosen = search.name(entry.need.name).chosen;
    bool is_broken = false;
    if (chosen.package == kNoPackage) {
      is_broken = !entry.need.conflict;
    } else {
      const auto& failed = search.failed();
      is_broken =
          !entry.need.is_satisfied_by(chosen.version, search.universe().identity(chosen.package)) ||
          std::find(failed.begin(), failed.end(), chosen.package) != failed.end();
    }
    const auto place = static_cast<std::size_t>(entry.dependency - request.world.data());
    if (!is_broken || left_out[place]) continue;
    left_out[place] = any = true;
  }
  return any;
}

}  // namespace

std::variant<Search, std::vector<Problem>> search_in(Universe& universe, const Request& request) {
  if (auto problems = check_world(universe, request.world); !problems.empty()) return problems;
  Terms terms = terms_of(universe, request);
  for (;;) {
    Search search(universe, request.world, terms);
    search.run();
    if (search.failures() == 0) return search;
    if (request.broken_world == BrokenWorld::refused ||
        !leave_out_broken(search, request, terms.left_out)) {
      return collect_problems(search);
    }
  }
}

std::vector<Dependency> left_out(const Search& search) {
  std::vector<Dependency> result;
  for (const WorldEntry& entry : search.world()) {
    if (entry.left_out) result.push_back(*entry.dependency);
  }
  return result;
}

std::variant<Plan, std::vector<Problem>> solve(const Request& request) {
  Universe universe(request);
  return solve_in(universe, request);
}

std::variant<Plan, std::vector<Problem>> solve_in(Universe& universe,
                                                  const std::vector<Dependency>& world) {
  Request request;
  request.world = world;
  return solve_in(universe, request);
}

std::variant<Plan, std::vector<Problem>> solve_in(Universe& universe, const Request& request) {
  auto result = search_in(universe, request);
  if (auto* problems = std::get_if<std::vector<Problem>>(&result)) return std::move(*problems);
  const Search& search = std::get<Search>(result);
  Plan plan;
  plan.left_out = left_out(search);
  for (const PackageChange& change : change_order(search, StartingRoot::empty)) {
    const PackageId id = change.after;
    const PackageState& state = search.package(id);
    PlannedPackage planned;
    planned.package = universe.package(id);
    if (universe.repositories(id) == 0) {
      planned.repository = kNoRepository;
    } else {
      const Mask preferred = universe.tags(id) & state.preferred_tags;
      planned.repository = universe.repository(id, preferred != 0 ? preferred : state.allowed_tags);
      planned.tag = universe.tag_of(planned.repository);
    }
    plan.packages.push_back(std::move(planned));
  }
  return plan;
}

Plan resolve(const Request& request, const Origins& origins) {
  Universe universe(request);
  auto result = solve_in(universe, request);
  if (auto* problems = std::get_if<std::vector<Problem>>(&result)) {
    throw explain(diagnose(universe, request, std::move(*problems)), request, origins);
  }
  return std::get<Plan>(std::move(result));
}

}  // namespace tarn::apk
