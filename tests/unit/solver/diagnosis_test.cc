#include "apk/solver/diagnosis.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "repositories.h"

namespace tarn::apk {
namespace {

using test::Repositories;

Diagnosis diagnose_world(const Repositories& repositories, const std::string& world,
                         const DiagnosisLimits& limits = {}) {
  const Request request = repositories.request(world);
  Universe universe(request.architectures, request.repositories);
  auto result = solve_in(universe, request.world);
  REQUIRE(std::holds_alternative<std::vector<Problem>>(result));
  return diagnose(universe, request, std::get<std::vector<Problem>>(std::move(result)), limits);
}

std::string texts(const std::vector<Dependency>& entries) {
  std::vector<std::string> words;
  for (const Dependency& entry : entries) words.push_back(entry.str());
  return fmt::format("{}", fmt::join(words, " "));
}

/// A wide world; deep below two of its entries something excludes each other.
Repositories wide() {
  std::vector<std::string> packages = {"low 1", "low 2", "old 1 low<2", "new 1 low>1"};
  for (int i = 0; i < 300; ++i) {
    packages.push_back(fmt::format("e{} 1{}", i,
                                   i == 70      ? " old"
                                   : i == 230   ? " new"
                                   : i % 2 == 0 ? " low"
                                                : ""));
  }
  Repositories repositories;
  repositories.add("", {packages.begin(), packages.end()});
  return repositories;
}

std::string wide_world() {
  std::string world;
  for (int i = 0; i < 300; ++i) world += fmt::format("e{} ", i);
  return world;
}

TEST_CASE("diagnosis: of three hundred entries the two that exclude each other") {
  const Diagnosis diagnosis = diagnose_world(wide(), wide_world());
  REQUIRE(diagnosis.causes.size() == 1);
  const Problem& cause = diagnosis.causes.front();
  CHECK((cause.kind == ProblemKind::wrong_version));
  CHECK(cause.name == "low");
  CHECK(texts(cause.core) == "e70 e230");
  CHECK(cause.violated.size() + cause.required_by.size() == 2);
  CHECK((diagnosis.second_opinion.verdict == Verdict::impossible));
  CHECK(diagnosis.problems.front().required_by.size() > 100);
}

TEST_CASE("diagnosis: the same question has the same answer, whatever was asked before") {
  const Repositories repositories = wide();
  const Request request = repositories.request(wide_world());
  Universe universe(request.architectures, request.repositories);
  std::vector<std::string> answers;
  for (int i = 0; i < 2; ++i) {
    auto result = solve_in(universe, request.world);
    const auto diagnosis =
        diagnose(universe, request, std::get<std::vector<Problem>>(std::move(result)));
    answers.push_back(texts(diagnosis.causes.front().core));
  }
  CHECK(answers.front() == answers.back());
}

TEST_CASE("diagnosis: without trials there are causes, but nothing that was not tried") {
  const Diagnosis diagnosis =
      diagnose_world(wide(), wide_world(), {.trials = 0, .search_steps = 0});
  REQUIRE_FALSE(diagnosis.causes.empty());
  CHECK(diagnosis.causes.front().core.empty());
  CHECK(diagnosis.causes.front().remedies.empty());
  CHECK((diagnosis.second_opinion.verdict == Verdict::unknown));
  CHECK(diagnosis.second_opinion.additions.empty());
}

TEST_CASE("diagnosis: what is told to add leads to a plan") {
  Repositories repositories;
  repositories.add("", {"a 1", "a 2 h p:s=2", "h 1 p:s=1", "b 1", "b 2 g p:t=2", "g 1 p:t=1"});
  const Diagnosis diagnosis = diagnose_world(repositories, "a b");
  CHECK((diagnosis.second_opinion.verdict == Verdict::possible));
  CHECK(texts(diagnosis.second_opinion.additions) == "a<2 b<2");
  CHECK(repositories.solve("a b a<2 b<2") == "a-1 b-1");
  CHECK(diagnosis.causes.size() == 2);
}

TEST_CASE("diagnosis: causes are what is left when its consequences are set aside") {
  Repositories repositories;
  repositories.add("", {"a 1 b missing1", "b 1 arch:armhf missing2", "c 1 v", "p 1 p:v"});
  const Diagnosis diagnosis = diagnose_world(repositories, "a c");
  std::vector<std::string> causes;
  for (const Problem& cause : diagnosis.causes) {
    causes.push_back(fmt::format("{}:{}", code_of(cause.kind), cause.name));
  }
  std::sort(causes.begin(), causes.end());
  CHECK(fmt::format("{}", fmt::join(causes, " ")) ==
        "masked-architecture:b-1 missing-name:missing1 virtual-name:v");
}

}  // namespace
}  // namespace tarn::apk
