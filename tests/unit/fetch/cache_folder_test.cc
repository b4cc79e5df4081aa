#include "apk/fetch/cache_folder.h"

#include <map>

#include <doctest/doctest.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

EnvironmentLookup environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

}  // namespace

TEST_CASE("the cache folder comes from the environment") {
  const struct {
    std::map<std::string, std::string> variables;
    std::string folder;
  } cases[] = {
      {{{"TARN_CACHE", "/c"}, {"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}}, "/c"},
      {{{"TARN_CACHE", "/c/../d"}}, "/d"},
      {{{"TARN_CACHE", ""}, {"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}}, "/x/tarn"},
      {{{"XDG_CACHE_HOME", "relative"}, {"HOME", "/h"}}, "/h/.cache/tarn"},
      {{{"XDG_CACHE_HOME", ""}, {"HOME", "/h"}}, "/h/.cache/tarn"},
      {{{"HOME", "/h"}}, "/h/.cache/tarn"},
  };
  for (const auto& c : cases) CHECK(cache_folder(environment(c.variables)).string() == c.folder);
  CHECK(cache_folder(environment({{"TARN_CACHE", "here"}})).is_absolute());
}

TEST_CASE("without any of the variables there is no cache folder") {
  CHECK_THROWS_AS(cache_folder(environment({})), Error);
  CHECK_THROWS_AS(cache_folder(environment({{"HOME", ""}})), Error);
}

}  // namespace tarn::apk
