#include "apk/solver/complete_search.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "random_world.h"
#include "repositories.h"

namespace tarn::apk {
namespace {

using test::Dice;
using test::Repositories;

constexpr Mask kAll = ~Mask{0};
constexpr std::size_t kManySteps = 10'000'000;

/// Whether a choice satisfies everything; told by the rules alone, package by package.
bool is_solution(const std::vector<Package>& chosen, const std::vector<Dependency>& world) {
  const auto satisfied = [&](const Dependency& need, const Package* by) {
    bool found = false;
    for (const Package& package : chosen) {
      const auto check = [&](const std::string& name, const std::string& version) {
        if (name != need.name) return true;
        const bool fits = need.is_satisfied_by(version, package.identity);
        if (need.conflict) return fits || &package == by;
        found = found || fits;
        return true;
      };
      if (!check(package.name, package.version)) return false;
      for (const Provide& provide : package.provides) {
        if (!check(provide.name, provide.version)) return false;
      }
    }
    return need.conflict || found;
  };
  for (const Dependency& need : world) {
    if (!satisfied(need, nullptr)) return false;
  }
  std::vector<std::pair<std::string, std::string>> names;
  for (const Package& package : chosen) {
    for (const Dependency& need : package.depends) {
      if (!satisfied(need, &package)) return false;
    }
    names.emplace_back(package.name, package.version);
    for (const Provide& provide : package.provides) {
      names.emplace_back(provide.name, provide.version);
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (names[i].first != names[j].first) continue;
      if (!names[i].second.empty() || !names[j].second.empty()) return false;
    }
  }
  return true;
}

bool has_solution(const std::vector<Package>& packages, const std::vector<Dependency>& world) {
  for (std::uint32_t subset = 0; subset < 1U << packages.size(); ++subset) {
    std::vector<Package> chosen;
    for (std::size_t i = 0; i < packages.size(); ++i) {
      if ((subset >> i & 1U) != 0) chosen.push_back(packages[i]);
    }
    if (is_solution(chosen, world)) return true;
  }
  return false;
}

/// A few packages that need, exclude and provide each other's names at random.
std::string random_package(Dice& dice) {
  const auto name = [&] { return fmt::format("n{}", dice.below(5)); };
  const std::vector<std::string> operators = {"", "", "", "=1", "=2", "<2", ">1", "<3"};
  std::string text = fmt::format("{} {}", name(), 1 + dice.below(3));
  for (std::size_t i = dice.below(3); i > 0; --i) {
    text += fmt::format(" {}{}{}", dice.below(4) == 0 ? "!" : "", name(), dice.one_of(operators));
  }
  if (dice.below(3) == 0) {
    text += fmt::format(" p:{}{}", name(), dice.below(2) == 0 ? "" : "=2");
  }
  return text;
}

TEST_CASE("complete search: finds a solution exactly where trying everything does") {
  std::size_t solvable = 0;
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    INFO("seed ", seed);
    Dice dice(seed);
    std::vector<std::string> texts;
    for (int i = 0; i < 8; ++i) texts.push_back(random_package(dice));
    Repositories repositories;
    repositories.add("", {texts.begin(), texts.end()});
    const Request request =
        repositories.request(fmt::format("n{} n{} {}n{}", dice.below(5), dice.below(5),
                                         dice.below(3) == 0 ? "!" : "", dice.below(5)));
    std::vector<Package> packages;
    for (const std::string& text : texts) packages.push_back(Repositories::package(text));
    const bool expected = has_solution(packages, request.world);
    Universe universe(request.architectures, request.repositories);
    const CompleteResult result = search_completely(universe, request.world, kAll, kManySteps);
    REQUIRE((result.verdict == (expected ? Verdict::possible : Verdict::impossible)));
    if (!expected) continue;
    ++solvable;
    std::vector<Package> chosen;
    for (const PackageId id : result.packages) chosen.push_back(universe.package(id));
    CHECK(is_solution(chosen, request.world));
  }
  CHECK(solvable > 50);
  CHECK(solvable < 350);
}

/// More pigeons than holes: small, and hard for any search of this kind.
Repositories pigeons(int count) {
  std::vector<std::string> texts;
  for (int pigeon = 0; pigeon < count; ++pigeon) {
    for (int hole = 0; hole + 1 < count; ++hole) {
      texts.push_back(fmt::format("p{}h{} 1 p:pigeon{} p:hole{}=1", pigeon, hole, pigeon, hole));
    }
  }
  Repositories repositories;
  repositories.add("", {texts.begin(), texts.end()});
  return repositories;
}

std::string pigeon_world(int count) {
  std::string world;
  for (int pigeon = 0; pigeon < count; ++pigeon) world += fmt::format("pigeon{} ", pigeon);
  return world;
}

TEST_CASE("complete search: gives up when its steps are used") {
  const Repositories repositories = pigeons(9);
  const Request request = repositories.request(pigeon_world(9));
  Universe universe(request.architectures, request.repositories);
  for (const std::size_t most : {0U, 10U, 500U, 20'000U}) {
    const CompleteResult result = search_completely(universe, request.world, kAll, most);
    CHECK((result.verdict == Verdict::unknown));
    CHECK(result.packages.empty());
    CHECK(result.steps > most);
    CHECK(result.steps < most + 2'000);
  }
}

TEST_CASE("complete search: sees through what is small enough") {
  const Repositories repositories = pigeons(5);
  const Request request = repositories.request(pigeon_world(5));
  Universe universe(request.architectures, request.repositories);
  CHECK((search_completely(universe, request.world, kAll, kManySteps).verdict ==
         Verdict::impossible));
  const Request fewer = repositories.request(pigeon_world(4));
  const CompleteResult result = search_completely(universe, fewer.world, kAll, kManySteps);
  CHECK((result.verdict == Verdict::possible));
  CHECK(result.packages.size() == 4);
}

TEST_CASE("complete search: tags, architectures and preferences") {
  struct Row {
    const char* title;
    const char* world;
    const char* chosen;  ///< empty: impossible
  };
  Repositories repositories;
  repositories.add(
      "", {"a 1 b", "b 1", "b 2", "c 1 p:v k:1", "d 1 p:v k:2", "user 1 v", "arm 1 arch:armhf",
           "self 1 p:self", "needs-edge 1 edge-only", "needs-list 1 edge-list"});
  repositories.add("edge", {"b 3", "edge-only 1", "edge-list 1 s:0"});
  const std::vector<Row> rows = {
      {"newest untagged", "a", "a-1 b-2"},
      {"tag for what follows from its entry", "needs-edge@edge", "edge-only-1 needs-edge-1"},
      {"not without the tag", "needs-edge", ""},
      {"a list of others needs no tag", "needs-list", "edge-list-1 needs-list-1"},
      {"tagged where nothing else will do", "b@edge>2", "b-3"},
      {"priority", "user", "d-1 user-1"},
      {"other architecture", "arm", ""},
      {"excludes itself", "self", ""},
      {"forbidden", "a !b", ""},
  };
  for (const Row& row : rows) {
    INFO(std::string(row.title));
    const Request request = repositories.request(row.world);
    Universe universe(request.architectures, request.repositories);
    const CompleteResult result = search_completely(universe, request.world, kAll, kManySteps);
    std::vector<std::string> labels;
    for (const PackageId id : result.packages) labels.push_back(universe.label(id));
    std::sort(labels.begin(), labels.end());
    CHECK(fmt::format("{}", fmt::join(labels, " ")) == std::string(row.chosen));
    CHECK((result.verdict == (labels.empty() ? Verdict::impossible : Verdict::possible)));
  }
}

}  // namespace
}  // namespace tarn::apk
