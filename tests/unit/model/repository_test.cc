#include "apk/model/repository.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

std::vector<Repository> parse(std::string_view line, Variables variables = {}) {
  return parse_repository_line(line, variables);
}

Repository parse_one(std::string_view line) {
  const auto repositories = parse(line);
  REQUIRE(repositories.size() == 1);
  return repositories.front();
}

Package package(std::string name, std::string version, std::string arch) {
  Package made;
  made.name = std::move(name);
  made.version = std::move(version);
  made.arch = std::move(arch);
  return made;
}

}  // namespace

TEST_CASE("repository lines: places of index and packages") {
  struct Case {
    std::string_view line, index, package;
  };
  const auto noarch = package("a", "1-r0", "noarch");
  for (const auto& row : {
           Case{"https://h/v3.22/main", "https://h/v3.22/main/x86_64/APKINDEX.tar.gz",
                "https://h/v3.22/main/noarch/a-1-r0.apk"},
           {"https://h/v3.22/main//", "https://h/v3.22/main/x86_64/APKINDEX.tar.gz",
            "https://h/v3.22/main/noarch/a-1-r0.apk"},
           {"https://h", "https://h/x86_64/APKINDEX.tar.gz", "https://h/noarch/a-1-r0.apk"},
           {"v2 https://h/m", "https://h/m/x86_64/APKINDEX.tar.gz",
            "https://h/m/noarch/a-1-r0.apk"},
           {"v3 https://h/m", "https://h/m/x86_64/Packages.adb", "https://h/m/noarch/a-1-r0.apk"},
           {"ndx https://h/m/p.adb", "https://h/m/p.adb", "https://h/m/a-1-r0.apk"},
           {"https://h/m/p.adb", "https://h/m/p.adb", "https://h/m/a-1-r0.apk"},
           {"https://h/m/APKINDEX.tar.gz", "https://h/m/APKINDEX.tar.gz", "https://h/m/a-1-r0.apk"},
           {"v2 https://h/odd.adb", "https://h/odd.adb/x86_64/APKINDEX.tar.gz",
            "https://h/odd.adb/noarch/a-1-r0.apk"},
           {"/srv/repo", "/srv/repo/x86_64/APKINDEX.tar.gz", "/srv/repo/noarch/a-1-r0.apk"},
           {"file:///srv/repo", "/srv/repo/x86_64/APKINDEX.tar.gz", "/srv/repo/noarch/a-1-r0.apk"},
           {"./packages", "./packages/x86_64/APKINDEX.tar.gz", "./packages/noarch/a-1-r0.apk"},
           {"out", "out/x86_64/APKINDEX.tar.gz", "out/noarch/a-1-r0.apk"},
           {"p.adb", "p.adb", "./a-1-r0.apk"},
       }) {
    const auto& [line, index, file] = row;
    CAPTURE(row.line);
    const auto repository = parse_one(line);
    CHECK(repository.index_url("x86_64").str() == index);
    CHECK(repository.package_url(noarch).str() == file);
    CHECK(repository.tag.empty());
  }
}

TEST_CASE("repository lines: tags, components, variables") {
  const auto tagged = parse_one("\t@local  out ");
  CHECK(tagged.tag == "local");
  CHECK(tagged.url.str() == "out");

  const auto several = parse("v3 @edge https://h/alpine/edge main community/ testing");
  REQUIRE(several.size() == 3);
  CHECK(several[1].url.str() == "https://h/alpine/edge/community");
  CHECK(several[2].format == RepositoryFormat::v3);
  CHECK(several[2].tag == "edge");

  Variables variables = {{"mirror", "https://h/alpine"}, {"release", "v3.22"}};
  const auto expanded = parse_repository_line("${mirror}/${release} ${c} main",
                                              (variables["c"] = "community", variables));
  REQUIRE(expanded.size() == 2);
  CHECK(expanded[0].url.str() == "https://h/alpine/v3.22/community");
}

TEST_CASE("repository lines: set") {
  Variables variables;
  CHECK(parse_repository_line("set a=1", variables).empty());
  CHECK(parse_repository_line("set -default a=2", variables).empty());
  CHECK(parse_repository_line("set -default b=${a}${a}", variables).empty());
  CHECK(variables == Variables{{"a", "1"}, {"b", "11"}});
  parse_repository_line("set a=", variables);
  CHECK(variables["a"].empty());
}

TEST_CASE("repository lines: nothing to read") {
  for (const std::string_view line : {"", "   ", "# https://h/m", "#"}) CHECK(parse(line).empty());
}

TEST_CASE("repository lines: errors say what is wrong") {
  struct Case {
    std::string_view line, message;
  };
  for (const auto& row : {
           Case{"v4 https://h/m", "repository line: unknown keyword 'v4'"},
           {"deb ./x", "repository line: unknown keyword 'deb'"},
           {"v2", "repository line: no URL"},
           {"@edge", "repository line: no URL"},
           {"@ https://h", "repository line: not a tag: '@'"},
           {"@a/b https://h", "repository line: not a tag: '@a/b'"},
           {"ftp://h/m", "repository line: not a URL or path: 'ftp://h/m'"},
           {"https:///m", "repository line: not a URL or path: 'https:///m'"},
           {"https://u:p@/m", "repository line: not a URL or path: 'https://***@/m'"},
           {"https://h/m /n", "repository line: not a component: '/n'"},
           {"https://h/m https://h/n", "repository line: not a component: 'https://h/n'"},
           {"https://h/m @tag", "repository line: not a component: '@tag'"},
           {"ndx https://h/m.adb main", "repository line: an index file has no components: 'main'"},
           {"https://${host}/m", "undefined variable 'host'"},
           {"https://${1}/m", "not a variable name: '1'"},
           {"https://${host/m", "variable without '}' in 'https://${host/m'"},
           {"set", "repository line: 'set' takes one key=value"},
           {"set a=1 b=2", "repository line: 'set' takes one key=value"},
           {"set a", "repository line: 'set' without a value: 'a'"},
           {"set 1=2", "repository line: not a variable name: '1'"},
           {"set APK_ARCH=x",
            "repository line: variables that begin with APK_ are predefined: "
            "'APK_ARCH'"},
       }) {
    const auto& [line, message] = row;
    CAPTURE(row.line);
    try {
      parse(line);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.message() == message);
      CHECK(error.kind() == ErrorKind::usage);
    }
  }
}

TEST_CASE("repositories: the line that names one, without credentials") {
  struct Case {
    std::string_view line, written;
  };
  for (const auto& row : {
           Case{"https://u:p@h/m", "https://h/m"},
           {"@edge https://h/m/", "@edge https://h/m"},
           {"v2 https://h/m", "https://h/m"},
           {"v2 https://h/m.adb", "v2 https://h/m.adb"},
           {"v3 @t https://h/m", "v3 @t https://h/m"},
           {"ndx https://h/m.adb", "https://h/m.adb"},
           {"ndx https://h/m", "ndx https://h/m"},
           {"https://h/alpine main", "https://h/alpine/main"},
       }) {
    const auto& [line, written] = row;
    CAPTURE(row.line);
    CHECK(parse_one(line).line() == written);
    CHECK(parse_one(written).line() == written);
  }
}

TEST_CASE("repositories: short names") {
  CHECK(parse_one("https://u:p@h/alpine/v3.22/main").label() == "v3.22/main");
  CHECK(parse_one("/srv/repo").label() == "srv/repo");
  CHECK(parse_one("https://h/main").label() == "https://h/main");
  CHECK(parse_one("https://u:p@h").label() == "https://***@h");
  CHECK(parse_one("out").label() == "out");
}

}  // namespace tarn::apk
