#include "builder/report/package_search.h"

#include <doctest/doctest.h>

#include "unit/solver/small_index.h"

namespace tarn::builder {
namespace {

using Match = PackageQuery::Match;
using Where = PackageQuery::Where;

TEST_CASE("search: patterns, globs, exact names, provides and descriptions") {
  const auto index = test::small_index({
      "curl 8.1-r0 p:cmd:curl=8 T:URL_retrieval",
      "curl 8.10-r0 p:cmd:curl=8 T:URL_retrieval",
      "curl-dev 8.1-r0 T:headers",
      "libcurl 8.1-r0 p:so:libcurl.so.4=4 T:URL_retrieval_library",
      "Wget 1-r0 T:also_for_URLs",
  });
  const apk::Universe universe({"x86_64"}, {{&index, ""}});
  struct Row {
    std::vector<std::string> patterns;
    Match match;
    Where where;
    const char* expected;
  };
  const std::vector<Row> rows = {
      {{"curl"},
       Match::pattern,
       Where::names,
       "curl-8.10-r0 curl-8.1-r0 curl-dev-8.1-r0 libcurl-8.1-r0"},
      {{"CURL-D"}, Match::pattern, Where::names, "curl-dev-8.1-r0"},
      {{"curl*"}, Match::pattern, Where::names, "curl-8.10-r0 curl-8.1-r0 curl-dev-8.1-r0"},
      {{"?get"}, Match::pattern, Where::names, "Wget-1-r0"},
      {{"wget", "*-dev"}, Match::pattern, Where::names, "curl-dev-8.1-r0 Wget-1-r0"},
      {{"curl"}, Match::exact, Where::names, "curl-8.10-r0 curl-8.1-r0"},
      {{"wget"}, Match::exact, Where::names, ""},
      {{"so:libcurl.so.4"}, Match::exact, Where::names, "libcurl-8.1-r0[so:libcurl.so.4]"},
      {{"cmd:"}, Match::pattern, Where::names, "curl-8.10-r0[cmd:curl] curl-8.1-r0[cmd:curl]"},
      {{"url re"}, Match::pattern, Where::names, ""},
      {{"url re"},
       Match::pattern,
       Where::names_and_descriptions,
       "curl-8.10-r0 curl-8.1-r0 libcurl-8.1-r0"},
      {{"also*"}, Match::pattern, Where::names_and_descriptions, "Wget-1-r0"},
      {{"headers"}, Match::exact, Where::names_and_descriptions, "curl-dev-8.1-r0"},
  };
  for (const Row& row : rows) {
    INFO("pattern ", row.patterns.front());
    std::string text;
    for (const FoundPackage& found :
         search_packages(universe, {row.patterns, row.match, row.where})) {
      text += (text.empty() ? "" : " ") + universe.label(found.package);
      for (const std::string& name : found.provides) text += "[" + name + "]";
    }
    CHECK(text == row.expected);
  }
}

TEST_CASE("search: who depends on a package") {
  const auto index =
      test::small_index({"z 1 p:so:z=1", "a 1 so:z z", "b 1 z>1", "c 1 !z", "d 1 so:z=1"});
  const apk::Universe universe({"x86_64"}, {{&index, ""}});
  const auto dependents = find_dependents(universe, {0, 1});
  REQUIRE(dependents.size() == 2);
  CHECK(dependents[0] == std::vector<apk::PackageId>{1, 4});
  CHECK(dependents[1].empty());
}

}  // namespace
}  // namespace tarn::builder
