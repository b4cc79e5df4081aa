#include "apk/solver/solver.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "apk/support/error.h"
#include "repositories.h"

namespace tarn::apk {
namespace {

using test::Repositories;

constexpr std::string_view kIdentity = "Q1EyN5AdpAOBJWKMR89pp/C66o+OE=";

TEST_CASE("solver: rules, one at a time") {
  struct Row {
    const char* title;
    std::vector<std::string_view> first;
    std::vector<std::string_view> second;  ///< a further repository
    const char* world;
    const char* plan;
  };
  const std::vector<Row> rows = {
      {"nothing wanted", {"a 1"}, {}, "", ""},
      {"highest version", {"a 1.9", "a 1.10", "a 1.2"}, {}, "a", "a-1.10"},
      {"operators", {"a 1", "a 2", "a 3"}, {}, "a<3", "a-2"},
      {"fuzzy", {"a 2.2.1", "a 2.20", "a 2.3"}, {}, "a~2.2", "a-2.2.1"},
      {"version across repositories", {"a 1"}, {"a 2"}, "a", "a-2"},
      {"tie goes to the first repository", {"a 1 b"}, {"a 1 c", "b 1", "c 1"}, "a", "b-1 a-1"},
      {"dependencies first, in their order",
       {"a 1 c b", "b 1", "c 1 d", "d 1"},
       {},
       "a",
       "d-1 c-1 b-1 a-1"},
      {"a cycle", {"a 1 b", "b 1 a"}, {}, "a", "b-1 a-1"},
      {"world in order of names", {"b 1", "A 1", "c 1"}, {}, "c b A", "A-1 b-1 c-1"},
      {"backs away from an impossible version", {"a 2 missing", "a 1"}, {}, "a", "a-1"},
      {"versioned provide", {"a 1 so:x>=2", "p 1 p:so:x=1", "q 1 p:so:x=2"}, {}, "a", "q-1 a-1"},
      {"provide without version satisfies any", {"a 1 v>=2", "p 1 p:v"}, {}, "a p", "p-1 a-1"},
      {"provide without version is not chosen", {"p 1 p:v"}, {}, "v", "!v"},
      {"priority", {"p 1 p:v k:1", "q 1 p:v k:2"}, {}, "v", "q-1"},
      {"version beats priority", {"p 1 p:v=2 k:1", "q 1 p:v=1 k:9"}, {}, "v", "p-1"},
      {"several provide without version", {"p 1 p:v", "q 1 p:v"}, {}, "p q", "p-1 q-1"},
      {"one provides with version", {"p 1 p:v=1", "q 1 p:v"}, {}, "p q", "!p-1"},
      {"world forbids", {"a 1 b", "b 1", "c 1 p:b"}, {}, "a c !b", "!c-1 !c-1 !b-1"},
      {"world forbids a version", {"a 1", "a 2"}, {}, "!a>1", ""},
      {"a package forbids", {"a 1 !b", "b 1", "c 1 b"}, {}, "a c", "!b-1"},
      {"a package forbids what it provides", {"a 1 p:v !v"}, {}, "a", "a-1"},
      {"install_if", {"a 1", "b 1", "x 1 i:a i:b y", "y 1"}, {}, "a b", "a-1 b-1 y-1 x-1"},
      {"install_if not complete", {"a 1", "b 1", "x 1 i:a i:b"}, {}, "a", "a-1"},
      {"install_if with version", {"a 2", "x 1 i:a=1", "y 1 i:a=2"}, {}, "a", "a-2 y-1"},
      {"install_if of what another brought", {"a 1", "b 1 i:a", "c 1 i:b"}, {}, "a", "a-1 b-1 c-1"},
      {"install_if with what must not be there",
       {"a 1", "b 1", "x 1 i:a i:!b"},
       {},
       "a",
       "a-1 x-1"},
      {"install_if with what is there", {"a 1", "b 1", "x 1 i:a i:!b"}, {}, "a b", "a-1 b-1"},
      {"other architecture", {"a 2 arch:armhf", "a 1", "b 1 arch:noarch"}, {}, "a b", "a-1 b-1"},
      {"only another architecture", {"a 2 arch:armhf"}, {}, "a", "!a-2"},
      {"identity",
       {"a 1 C:Q1EyN5AdpAOBJWKMR89pp/C66o+OE=", "a 2 C:Q1C4uoV7SdMdDhYg4OCVmI71D8HIA="},
       {},
       "a><Q1EyN5AdpAOBJWKMR89pp/C66o+OE=",
       "a-1"},
      {"identity of nothing", {"a 2"}, {}, "a><Q1EyN5AdpAOBJWKMR89pp/C66o+OE=", "!a"},
      {"a package that provides its own name", {"a 1 p:a"}, {}, "a", "!a-1"},
      {"a package that provides a name twice", {"a 1 p:x=1 p:x=2"}, {}, "a", "!a-1"},
      {"a package that needs another version of itself", {"a 1 a>1"}, {}, "a", "!a"},
  };
  for (const Row& row : rows) {
    INFO(std::string(row.title));
    Repositories repositories;
    repositories.add("", row.first).add("", row.second);
    CHECK(repositories.solve(row.world) == std::string(row.plan));
  }
}

TEST_CASE("solver: tags") {
  struct Row {
    const char* title;
    const char* world;
    const char* plan;
  };
  Repositories repositories;
  repositories.add("", {"a 1 b", "b 1", "c 1", "e 1 d"});
  repositories.add("edge", {"a 2 b", "b 2", "d 2 b>1", "c 3"});
  repositories.add("testing", {"c 2"});
  const std::vector<Row> rows = {
      {"not without the tag", "a", "b-1 a-1"},
      {"the tag is for the package; others stay", "a@edge", "b-1 a-2@edge"},
      {"inherited where needed", "d@edge", "b-2@edge d-2@edge"},
      {"only in a tagged one", "d", "!d-2 !b-2"},
      {"needed by an untagged one", "e", "!d-2 !b-2"},
      {"each tag alone", "c@testing", "c-2@testing"},
      {"version in a tag", "c@edge>2", "c-3@edge"},
      {"unknown tag", "c@stable", "!c"},
  };
  for (const Row& row : rows) {
    INFO(std::string(row.title));
    CHECK(repositories.solve(row.world) == std::string(row.plan));
  }
}

TEST_CASE("solver: one identity in two repositories is one package") {
  Repositories repositories;
  const std::string package = fmt::format("a 1 C:{}", kIdentity);
  repositories.add("edge", {package}).add("", {"b 1", package});
  const Request request = repositories.request("a");
  const auto result = solve(request);
  const auto& plan = std::get<Plan>(result);
  REQUIRE(plan.packages.size() == 1);
  CHECK(plan.packages[0].repository == 1);
  CHECK(plan.packages[0].tag.empty());
  CHECK(repositories.solve("a@edge") == "a-1@edge");
}

TEST_CASE("solver: the numbers it can hold") {
  Repositories repositories;
  for (int i = 0; i < 64; ++i) repositories.add("", {});
  CHECK_THROWS_AS(solve(repositories.request("a")), Error);
}

TEST_CASE("solver: deep and wide indexes") {
  Repositories repositories;
  std::vector<std::string> texts;
  constexpr int depth = 20000;
  for (int i = 0; i < depth; ++i) texts.push_back(fmt::format("p{} 1 p{}", i, i + 1));
  texts.push_back(fmt::format("p{} 1", depth));
  repositories.add("", {texts.begin(), texts.end()});
  const Request request = repositories.request("p0");
  const auto result = solve(request);
  const auto& plan = std::get<Plan>(result);
  REQUIRE(plan.packages.size() == depth + 1);
  CHECK(plan.packages.front().package.name == fmt::format("p{}", depth));
  CHECK(plan.packages.back().package.name == "p0");
}

TEST_CASE("solver: explanations without origins, and with tags") {
  Repositories repositories;
  repositories.add("", {"a 1"}).add("edge", {"b 2"});
  CHECK(repositories.explain("b>1") ==
        "error: b-2 is only in repositories tagged @edge\n"
        "  required by: world (b>1)\n"
        "hint: write 'b@edge>1' instead\n");
  CHECK(repositories.explain("b>2") ==
        "error: nothing provides 'b>2'\n"
        "  required by: world (b>2)\n"
        "  available: b-2 (@edge)\n"
        "hint: leave out 'b>2', or add a repository that has b>2\n");
}

TEST_CASE("solver: a long way from world is cut short") {
  Repositories repositories;
  std::vector<std::string> texts;
  for (int i = 0; i < 9; ++i) texts.push_back(fmt::format("p{} 1 p{}", i, i + 1));
  repositories.add("", {texts.begin(), texts.end()});
  CHECK(repositories.explain("p0") ==
        "error: nothing provides 'p9'\n"
        "  required by: world (p0) -> p0-1 -> p1-1 -> p2-1 -> ... -> p6-1 -> p7-1 -> p8-1\n"
        "hint: add a repository that has 'p9', or leave out 'p0'\n");
}

TEST_CASE("solver: explanations are bounded") {
  Repositories repositories;
  std::vector<std::string> texts = {"base 1"};
  std::string world;
  for (int i = 0; i < 40; ++i) {
    texts.push_back(fmt::format("user{} 1 base>1 gone{}", i, i));
    world += fmt::format("user{} ", i);
  }
  repositories.add("", {texts.begin(), texts.end()});
  const std::string text = repositories.explain(world);
  CHECK(std::count(text.begin(), text.end(), '\n') <= 14);
  CHECK(text.find("more problems") != std::string::npos);
}

}  // namespace
}  // namespace tarn::apk
