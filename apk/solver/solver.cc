#include "apk/solver/solver.h"

#include <utility>

#include "apk/solver/install_order.h"
#include "apk/solver/problem_collection.h"
#include "apk/solver/search.h"

namespace tarn::apk {

std::variant<Plan, std::vector<Problem>> solve(const Request& request) {
  Universe universe(request.architectures, request.repositories);
  return solve_in(universe, request.world);
}

std::variant<Plan, std::vector<Problem>> solve_in(Universe& universe,
                                                  const std::vector<Dependency>& world) {
  if (auto problems = check_world(universe, world); !problems.empty()) return problems;
  Search search(universe, world);
  search.run();
  if (search.failures() > 0) return collect_problems(search);
  Plan plan;
  for (const PackageId id : install_order(search)) {
    const PackageState& state = search.package(id);
    const Mask preferred = universe.tags(id) & state.preferred_tags;
    PlannedPackage planned;
    planned.package = universe.package(id);
    planned.repository = universe.repository(id, preferred != 0 ? preferred : state.allowed_tags);
    planned.tag = universe.tag_of(planned.repository);
    plan.packages.push_back(std::move(planned));
  }
  return plan;
}

Plan resolve(const Request& request, const Origins& origins) {
  auto result = solve(request);
  if (const auto* problems = std::get_if<std::vector<Problem>>(&result)) {
    throw explain(*problems, request, origins);
  }
  return std::get<Plan>(std::move(result));
}

}  // namespace tarn::apk
