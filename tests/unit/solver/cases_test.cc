// Cases of `apk add` into an empty root, against what apk did.

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apk/index/index.h"
#include "apk/solver/solver.h"
#include "mentions.h"
#include "unit/shared.h"

namespace tarn::apk {
namespace {

using Json = nlohmann::json;

/// Some identities of the cases differ in bits that their base64 does not use: to apk these are the
/// same package.
Identity read_identity(std::string text) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char& last = text.at(text.size() - 2);
  last = digits[digits.find(last) & ~std::size_t{3}];
  return Identity::parse(text).value();
}

Package read_package(const Json& json, const std::string& arch) {
  Package package;
  package.identity = read_identity(json["checksum"]);
  package.name = json["name"];
  package.version = json["version"];
  package.arch = json.value("arch", arch);
  package.installed_size = json.value("installed_size", 0U);
  package.provider_priority = json.value("provider_priority", 0U);
  for (const std::string text : json.value("depends", Json::array())) {
    auto dependency = Dependency::parse(text);
    // As the reader of indexes does it.
    if (!dependency || dependency->broken || !dependency->tag.empty()) package.uninstallable = true;
    if (dependency) package.depends.push_back(std::move(*dependency));
  }
  for (const std::string text : json.value("provides", Json::array())) {
    package.provides.push_back(Provide::parse(text).value());
  }
  for (const std::string text : json.value("install_if", Json::array())) {
    package.install_if.push_back(Dependency::parse(text).value());
  }
  return package;
}

/// World after `apk add`: an added entry takes the place of one with the same name.
std::vector<Dependency> world_of(const Json& test_case, bool& is_valid) {
  std::map<std::string, Dependency> world;
  for (const auto* list : {&test_case["world"], &test_case["operation"]["packages"]}) {
    for (const std::string text : *list) {
      const auto dependency = Dependency::parse(text);
      if (dependency) world.insert_or_assign(dependency->name, *dependency);
      is_valid = is_valid && dependency.has_value();
    }
  }
  std::vector<Dependency> result;
  for (auto& [name, dependency] : world) result.push_back(std::move(dependency));
  return result;
}

/// Whether the case is one of adding packages to nothing, without options.
bool is_plain_add(const Json& test_case) {
  return test_case["operation"]["applet"] == "add" && test_case["operation"]["options"].empty() &&
         test_case["installed"].empty() && test_case["cache_installed"].is_null();
}

void check_plan(const Plan& plan, const Json& expected) {
  REQUIRE(expected["result"] == "ok");
  std::vector<std::string> steps;
  for (const PlannedPackage& planned : plan.packages) {
    steps.push_back(planned.package.label());
    if (!planned.tag.empty()) steps.back() += "@" + planned.tag;
  }
  std::vector<std::string> wanted;
  for (const Json& step : expected["steps"]) {
    wanted.push_back(step["package"].get<std::string>() + "-" + step["version"].get<std::string>());
    if (step.contains("tag")) wanted.back() += "@" + step["tag"].get<std::string>();
  }
  CHECK(fmt::format("{}", fmt::join(steps, " ")) == fmt::format("{}", fmt::join(wanted, " ")));
}

void check_problems(const std::vector<Problem>& problems, const Json& expected) {
  REQUIRE(expected["result"] == "error");
  REQUIRE_FALSE(problems.empty());
  const auto mentions = test::mentioned_by(problems);
  for (const auto& subject : test::subjects_of(expected["error"].get<std::vector<std::string>>())) {
    INFO("subject ", subject);
    CHECK(test::is_mentioned(mentions, subject));
  }
}

TEST_CASE("solver: adding packages to an empty root") {
  const auto shared = test::shared_folder();
  if (!shared) return;
  std::ifstream file(*shared / "corpora/solver-cases.json");
  const Json corpus = Json::parse(file);
  std::size_t count = 0;
  for (const Json& test_case : corpus["cases"]) {
    if (!is_plain_add(test_case)) continue;
    ++count;
    const std::string name = test_case["name"];
    INFO("case ", name, ": ", test_case["args"].get<std::string>());
    std::vector<BinaryIndex> indexes;
    Request request;
    request.architectures = {corpus["arch"].get<std::string>()};
    indexes.reserve(test_case["repositories"].size());
    for (const Json& repository : test_case["repositories"]) {
      std::vector<Package> packages;
      for (const Json& package : repository["packages"]) {
        packages.push_back(read_package(package, request.architectures.front()));
      }
      const BinaryIndex& index = indexes.emplace_back(BinaryIndex::from_packages(packages));
      const Json& tag = repository["tag"];
      request.repositories.push_back({&index, tag.is_null() ? "" : tag.get<std::string>()});
    }
    bool is_valid = true;
    request.world = world_of(test_case, is_valid);
    if (!is_valid) {
      CHECK(test_case["expected"]["exit_status"] == 99);
      continue;
    }
    const auto result = solve(request);
    if (const auto* plan = std::get_if<Plan>(&result)) {
      check_plan(*plan, test_case["expected"]);
    } else {
      check_problems(std::get<std::vector<Problem>>(result), test_case["expected"]);
    }
  }
  CHECK(count == 37);
}

}  // namespace
}  // namespace tarn::apk
