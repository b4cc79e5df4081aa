#include "apk/solver/solver.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

constexpr std::string_view kIdentity = "Q1EyN5AdpAOBJWKMR89pp/C66o+OE=";

/// Repositories in a few words: packages as "name version [arch:A] [k:PRIORITY] [p:PROVIDE]
/// [i:CONDITION] [C:IDENTITY] DEPENDENCY…".
struct Repositories {
  std::vector<BinaryIndex> indexes;
  std::vector<std::string> tags;

  Repositories& add(const std::string& tag, const std::vector<std::string_view>& packages) {
    std::vector<Package> parsed;
    for (const std::string_view text : packages) parsed.push_back(package(text));
    indexes.push_back(BinaryIndex::from_packages(parsed));
    tags.push_back(tag);
    return *this;
  }

  static Package package(std::string_view text) {
    const auto words = split_words(text);
    Package package;
    package.name = words.at(0);
    package.version = words.at(1);
    package.arch = "x86_64";
    package.installed_size = 1;
    for (std::size_t i = 2; i < words.size(); ++i) {
      const auto word = words[i];
      const auto is = [&](std::string_view prefix) { return word.starts_with(prefix); };
      const auto rest = word.substr(word.find(':') + 1);
      if (is("arch:")) {
        package.arch = rest;
      } else if (is("k:")) {
        package.provider_priority = static_cast<std::uint32_t>(std::stoul(std::string(rest)));
      } else if (is("p:")) {
        package.provides.push_back(Provide::parse(rest).value());
      } else if (is("i:")) {
        package.install_if.push_back(Dependency::parse(rest).value());
      } else if (is("C:")) {
        package.identity = Identity::parse(rest).value();
      } else {
        package.depends.push_back(Dependency::parse(word).value());
      }
    }
    return package;
  }

  Request request(std::string_view world) const {
    Request request;
    request.architectures = {"x86_64"};
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      request.repositories.push_back({&indexes[i], tags[i]});
    }
    for (const auto word : split_words(world)) {
      request.world.push_back(Dependency::parse(word).value());
    }
    return request;
  }

  /// The plan as "a-1 b-2@tag", or "!" and the names of the problems.
  std::string solve(std::string_view world) const {
    const auto result = apk::solve(request(world));
    std::vector<std::string> words;
    if (const auto* plan = std::get_if<Plan>(&result)) {
      for (const PlannedPackage& planned : plan->packages) {
        words.push_back(planned.package.label());
        if (!planned.tag.empty()) words.back() += "@" + planned.tag;
      }
      return fmt::format("{}", fmt::join(words, " "));
    }
    for (const Problem& problem : std::get<std::vector<Problem>>(result)) {
      words.push_back("!" + problem.name);
    }
    return fmt::format("{}", fmt::join(words, " "));
  }

  std::string explain(std::string_view world, const Origins& origins = {}) const {
    try {
      resolve(request(world), origins);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::unsatisfiable);
      return error.render();
    }
    return "solved";
  }
};

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

TEST_CASE("solver: explanations") {
  struct Row {
    const char* title;
    std::vector<std::string_view> packages;
    const char* world;
    const char* text;
  };
  const std::vector<Row> rows = {
      {"missing name",
       {"nginx 1", "apache 1"},
       "ngimx",
       "error: nothing provides 'ngimx'\n"
       "  required by: recipe.yaml:9\n"
       "  similar: nginx\n"
       "hint: check the name, or add a repository that carries it\n"},
      {"missing name, deep",
       {"a 1 b", "b 1 gone>=2"},
       "a",
       "error: nothing provides 'gone>=2'\n"
       "  required by: b-1 <- a-1 <- recipe.yaml:9 (a)\n"
       "hint: add a repository that carries it, or leave it out\n"},
      {"version too high",
       {"nginx 1.28.0-r3", "nginx 1.26.0-r1"},
       "nginx>=1.30",
       "error: nothing provides 'nginx>=1.30'\n"
       "  required by: recipe.yaml:9\n"
       "  available: nginx-1.28.0-r3 (main), nginx-1.26.0-r1 (main)\n"
       "hint: relax the version, or add a repository that carries it\n"},
      {"version superseded",
       {"nginx 1.28.0-r3"},
       "nginx=1.28.0-r2",
       "error: nothing provides 'nginx=1.28.0-r2'\n"
       "  required by: recipe.yaml:9\n"
       "  available: nginx-1.28.0-r3 (main)\n"
       "hint: repositories drop superseded versions: relax the version ('~' accepts later "
       "revisions), or add a repository that carries it\n"},
      {"versions that do not go together",
       {"a 1 d>1", "d 1", "d 2"},
       "a d<2",
       "error: no version of 'd' suits all who require it\n"
       "  required by: a-1 (d>1) <- recipe.yaml:9 (a)\n"
       "  required by: recipe.yaml:9 (d<2)\n"
       "  available: d-2 (main), d-1 (main)\n"
       "hint: relax one of these constraints, or add a repository with a version that fits all\n"},
      {"nothing chosen among providers",
       {"a 1 v", "p 1 p:v", "q 1 p:v"},
       "a",
       "error: nothing says which package shall provide 'v'\n"
       "  required by: a-1 <- recipe.yaml:9 (a)\n"
       "  provided by: p-1 (main), q-1 (main)\n"
       "hint: name the one you want explicitly\n"},
      {"forbidden by a package",
       {"a 1 !b", "b 1"},
       "a b",
       "error: b-1 is needed, but a-1 forbids it\n"
       "  forbidden by: a-1 (!b) <- recipe.yaml:9 (a)\n"
       "  required by: recipe.yaml:9 (b)\n"
       "hint: leave out one of them, or what requires it\n"},
      {"forbidden by world",
       {"a 1 b", "b 1"},
       "a !b",
       "error: b-1 is needed, but world forbids it\n"
       "  forbidden by: recipe.yaml:9 (!b)\n"
       "  required by: a-1 (b) <- recipe.yaml:9 (a)\n"
       "hint: leave out one of them, or what requires it\n"},
      {"two owners of a name",
       {"a 1 p:service=1", "b 1 p:service=2"},
       "a b",
       "error: a-1 and b-1 cannot be installed together\n"
       "  required by: recipe.yaml:9 (a)\n"
       "  required by: recipe.yaml:9 (b)\n"
       "  both provide: service\n"
       "hint: leave out one of them, or what requires it\n"},
      {"architecture",
       {"a 1 arch:armhf"},
       "a",
       "error: a-1 is for another machine: architecture armhf\n"
       "  required by: recipe.yaml:9\n"
       "hint: use another package or repository\n"},
      {"own name",
       {"a 1 p:a"},
       "a",
       "error: a-1 cannot be installed: it provides its own name and so conflicts with itself\n"
       "  required by: recipe.yaml:9\n"
       "hint: use another package or repository\n"},
      {"several",
       {"a 1"},
       "a>2 gone",
       "error: nothing provides 'gone'\n"
       "  required by: recipe.yaml:9\n"
       "  also: nothing provides 'a>2' (recipe.yaml:9)\n"
       "hint: add a repository that carries it, or leave it out\n"},
      {"unknown tag",
       {"a 1"},
       "a@edge",
       "error: no repository has the tag @edge\n"
       "  required by: recipe.yaml:9\n"
       "hint: give a repository this tag, or drop it from the package\n"},
      {"no version",
       {"a 1"},
       "a=invalid",
       "error: 'a=invalid' does not end in a valid version\n"
       "  required by: recipe.yaml:9\n"
       "hint: versions look like 1.2.3-r0\n"},
  };
  const Origins origins{[](const Dependency&) { return "recipe.yaml:9"; }, {"main"}};
  for (const Row& row : rows) {
    INFO(std::string(row.title));
    Repositories repositories;
    repositories.add("", row.packages);
    CHECK(repositories.explain(row.world, origins) == std::string(row.text));
  }
}

TEST_CASE("solver: explanations without origins, and with tags") {
  Repositories repositories;
  repositories.add("", {"a 1"}).add("edge", {"b 2"});
  CHECK(repositories.explain("b>1") ==
        "error: b-2 is only in repositories tagged @edge\n"
        "  required by: world (b>1)\n"
        "hint: ask for 'b@edge>1' to allow it\n");
  CHECK(repositories.explain("b>2") ==
        "error: nothing provides 'b>2'\n"
        "  required by: world (b>2)\n"
        "  available: b-2 (@edge)\n"
        "hint: relax the version, or add a repository that carries it\n");
}

TEST_CASE("solver: a long way from world is cut short") {
  Repositories repositories;
  std::vector<std::string> texts;
  for (int i = 0; i < 9; ++i) texts.push_back(fmt::format("p{} 1 p{}", i, i + 1));
  repositories.add("", {texts.begin(), texts.end()});
  CHECK(repositories.explain("p0") ==
        "error: nothing provides 'p9'\n"
        "  required by: p8-1 <- p7-1 <- p6-1 <- p5-1 <- ... <- p2-1 <- p1-1 <- p0-1 <- world (p0)\n"
        "hint: add a repository that carries it, or leave it out\n");
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
  CHECK(std::count(text.begin(), text.end(), '\n') <= 13);
  CHECK(text.find("more problems") != std::string::npos);
}

}  // namespace
}  // namespace tarn::apk
