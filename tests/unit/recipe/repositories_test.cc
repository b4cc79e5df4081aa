#include "builder/recipe/repositories.h"

#include <filesystem>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "builder/recipe/load.h"

namespace tarn::builder {
namespace {

using Texts = std::vector<std::string>;

Texts lines(const std::vector<apk::Repository>& repositories) {
  Texts texts;
  for (const auto& repository : repositories)
    texts.push_back((repository.tag.empty() ? "" : "@" + repository.tag + " ") +
                    repository.url.with_secrets());
  return texts;
}

TEST_CASE("what is resolved with and what the image lists") {
  const auto recipe = load_recipe_text(R"(
vars: {release: v3.22}
contents:
  build_repositories: [https://u:p@build/x, ./packages, "@t https://b/y/"]
  runtime_repositories: [https://u:p@run/x, /in/image, "https://m/${release}/main"]
  repositories:
    - https://m/${release} main community
    - https://u:p@m/secret
    - ../local
    - https://m/v3.22/main
)",
                                       "/r/recipes/r.yaml");
  CHECK(lines(repositories_to_resolve(recipe)) ==
        Texts{"https://u:p@build/x", "/r/recipes/packages", "@t https://b/y",
              "https://m/v3.22/main", "https://m/v3.22/community", "https://u:p@m/secret",
              "/r/local"});
  CHECK(lines(repositories_for_image(recipe)) ==
        Texts{"https://run/x", "/in/image", "https://m/v3.22/main", "https://m/v3.22/community",
              "https://m/secret"});
  CHECK(variables_used(recipe) == std::set<std::string>{"release"});
}

TEST_CASE("a relative repository counts from the recipe's folder, wherever that is named from") {
  const auto recipe = load_recipe_text("contents: {repositories: [.]}\n", "sub/r.yaml");
  CHECK(lines(repositories_to_resolve(recipe)) ==
        Texts{(std::filesystem::current_path() / "sub").string()});
}

TEST_CASE("a wrong repository line is shown with its place") {
  struct Case {
    const char* line;
    const char* message;
  };
  for (const auto& row : {
           Case{"https://${relase}/main", "undefined variable 'relase'"},
           Case{"https://${release/main", "variable without '}' in 'https://${release/main'"},
           Case{"ftp://a", "repository line: not a URL or path: 'ftp://a'"},
           Case{"v4 https://a", "repository line: unknown keyword 'v4'"},
       }) {
    const auto& [line, message] = row;
    CAPTURE(row.line);
    const auto recipe =
        load_recipe_text("contents:\n  repositories:\n    - " + std::string(line) + "\n", "r.yaml");
    for (const auto& read : {repositories_to_resolve, repositories_for_image})
      CHECK_THROWS_WITH_AS(read(recipe), (std::string("r.yaml:3:7: ") + message).c_str(), Error);
  }
}

TEST_CASE("mirrors by URL prefix") {
  const auto recipe = load_recipe_text("mirrors: {https://a/alpine: [https://b, ./m]}\n", "/r/x");
  const auto mirrors = repository_mirrors(recipe);
  REQUIRE(mirrors.at("https://a/alpine").size() == 2);
  CHECK(mirrors.at("https://a/alpine")[1].str() == "/r/m");
}

}  // namespace
}  // namespace tarn::builder
