// 500 random worlds over two whole indexes, against what apk planned for them.

#include <cstdlib>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "apk/index/index.h"
#include "apk/solver/universe.h"
#include "apk/support/file.h"
#include "mentions.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

BinaryIndex read_index(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  return BinaryIndex::from_text(
      std::string(IndexFile::parse(as_bytes(file), path.string()).text.lines));
}

std::vector<std::string> steps_of(const Plan& plan) {
  std::vector<std::string> steps;
  for (const PlannedPackage& planned : plan.packages) {
    steps.push_back(planned.package.name + " " + planned.package.version);
  }
  return steps;
}

/// Without optimisation all 500 take half a minute: then every fifth, unless $TARN_ALL_WORLDS is
/// set.
std::size_t stride() {
#ifdef NDEBUG
  return 1;
#else
  return std::getenv("TARN_ALL_WORLDS") != nullptr ? 1 : 5;
#endif
}

TEST_CASE("solver: worlds over whole indexes") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  const auto mirror = *shared / "mirror/alpine/v3.19";
  const BinaryIndex main = read_index(mirror / "main/x86_64/APKINDEX.tar.gz");
  const BinaryIndex community = read_index(mirror / "community/x86_64/APKINDEX.tar.gz");
  Universe universe({"x86_64"}, {{&main, ""}, {&community, ""}});

  std::ifstream worlds(*shared / "corpora/worlds-v3.19.jsonl");
  std::size_t total = 0;
  std::size_t tried = 0;
  std::size_t passed = 0;
  for (std::string line; std::getline(worlds, line); ++total) {
    if (total % stride() != 0) continue;
    ++tried;
    const auto expected = nlohmann::json::parse(line);
    std::vector<Dependency> world;
    for (const auto& text : expected["world"]) {
      auto dependency = Dependency::parse(text.get<std::string>());
      REQUIRE(dependency.has_value());
      world.push_back(std::move(*dependency));
    }
    const auto result = solve_in(universe, world);
    const auto* plan = std::get_if<Plan>(&result);
    INFO("world ", total, ": ", expected["world"].dump());
    const auto steps = expected["steps"].get<std::vector<std::string>>();
    CHECK((plan != nullptr) == (expected["status"] == 0));
    if (plan != nullptr) {
      CHECK((steps_of(*plan) == steps));
      if (steps_of(*plan) == steps) ++passed;
      continue;
    }
    const auto mentions = test::mentioned_by(std::get<std::vector<Problem>>(result));
    for (const auto& subject :
         test::subjects_of(expected["error"].get<std::vector<std::string>>())) {
      INFO("subject ", subject);
      CHECK(test::is_mentioned(mentions, subject));
    }
    if (expected["status"] != 0) ++passed;
  }
  CHECK(total == 500);
  CHECK(passed == tried);
}

}  // namespace
}  // namespace tarn::apk
