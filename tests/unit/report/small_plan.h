#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "apk/solver/selection.h"
#include "builder/report/plan_graph.h"
#include "builder/report/plan_names.h"
#include "unit/solver/small_index.h"

namespace tarn::test {

/// The plan for a world over one small index, with all that explains it. World's entry N is
/// written at "recipe:N".
struct SmallPlan {
  SmallPlan(const std::vector<std::string_view>& packages, std::string_view world_words)
      : index(small_index(packages)),
        world(dependencies(world_words)),
        origins(make_origins(world.size())),
        universe({"x86_64"}, {{&index, ""}}),
        plan(solve(universe, world)),
        selection(universe, world, plan),
        graph(selection, origins),
        names(selection, origins, repositories) {}
  SmallPlan(const SmallPlan&) = delete;
  SmallPlan& operator=(const SmallPlan&) = delete;

  /// The number of the package with this name in the plan.
  std::size_t number(std::string_view name) const {
    const auto found = std::ranges::find(plan.packages, name, [](const auto& planned) {
      return std::string_view(planned.package.name);
    });
    REQUIRE(found != plan.packages.end());
    return static_cast<std::size_t>(found - plan.packages.begin());
  }

  static std::vector<std::string> make_origins(std::size_t count) {
    std::vector<std::string> origins;
    for (std::size_t i = 1; i <= count; ++i) origins.push_back("recipe:" + std::to_string(i));
    return origins;
  }

  static apk::Plan solve(apk::Universe& universe, const std::vector<apk::Dependency>& world) {
    auto result = apk::solve_in(universe, world);
    REQUIRE(std::holds_alternative<apk::Plan>(result));
    return std::get<apk::Plan>(std::move(result));
  }

  apk::BinaryIndex index;
  std::vector<apk::Dependency> world;
  std::vector<std::string> origins;
  std::vector<apk::Repository> repositories = {
      {apk::RepositoryFormat::v2, Url::parse("https://example.org/v1/main").value(), ""}};
  apk::Universe universe;
  apk::Plan plan;
  apk::Selection selection;
  builder::PlanGraph graph;
  builder::PlanNames names;
};

}  // namespace tarn::test
