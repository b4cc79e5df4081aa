// The judge of plans itself: it must find each kind of fault.

#include "plan_checker.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace tarn::test {
namespace {

using apk::Dependency;
using apk::Package;
using apk::Provide;

std::vector<Dependency> constraints(std::string_view list) {
  std::vector<Dependency> result;
  for (const std::string_view word : apk::split_words(list)) {
    result.push_back(Dependency::parse(word).value());
  }
  return result;
}

struct Lists {
  std::string_view depends;
  std::string_view provides;
  std::string_view install_if;
};

Package package(std::string_view name, std::string_view version, const Lists& lists) {
  Package result;
  result.name = name;
  result.version = version;
  result.depends = constraints(lists.depends);
  result.install_if = constraints(lists.install_if);
  for (const std::string_view word : apk::split_words(lists.provides)) {
    result.provides.push_back(Provide::parse(word).value());
  }
  return result;
}

std::string faults(const std::vector<Package>& plan, std::string_view world) {
  return fmt::format("{}", fmt::join(plan_faults(plan, constraints(world)), "; "));
}

TEST_CASE("plan checker: sound plans") {
  CHECK(faults({}, "") == "");
  CHECK(faults({}, "!a !b>1") == "");
  const Package app = package("app", "2-r0", {"so:c=1 lib>1 lib<~2 !old !lib<1", "", ""});
  const Package lib = package("lib", "2.1-r3", {"app", "so:c=1", ""});
  CHECK(faults({app, lib}, "app>1 app~2 !app>2-r0 !other") == "");
  SUBCASE("a provide without version satisfies any version, and has many holders") {
    const Package one = package("one", "1", {"", "shell", ""});
    const Package two = package("two", "1", {"", "shell", ""});
    CHECK(faults({one, two}, "one two shell>=9") == "");
  }
  SUBCASE("a package is not in its own way") {
    CHECK(faults({package("one", "1", {"!shell", "shell", ""})}, "one") == "");
  }
  SUBCASE("an install_if") {
    const Package docs = package("docs", "1", {"", "", ""});
    const Package manual = package("app-doc", "2-r0", {"", "", "docs app=2-r0 !old"});
    CHECK(faults({app, lib, docs, manual}, "app docs") == "");
  }
}

TEST_CASE("plan checker: unsound plans") {
  const Package a = package("a", "1", {"", "", ""});
  const Package needs_b = package("a", "1", {"b", "", ""});
  const Package b = package("b", "1", {"", "", ""});
  const Package b2 = package("b", "2", {"", "", ""});

  struct Case {
    std::vector<Package> plan;
    std::string_view world;
    std::string_view fault;
  };
  Package broken = a;
  broken.uninstallable = true;
  const Case cases[] = {
      {{}, "a", "world: a"},
      {{a}, "a>1 a<2", "world: a>1"},
      {{a}, "a a~1.1", "world: a~1.1"},
      {{a, b}, "a b !b", "world: !b"},
      {{a, b}, "a b !b<2", "world: !b<2"},
      {{needs_b}, "a", "a-1: b"},
      {{package("a", "1", {"b>=2", "", ""}), b}, "a b", "a-1: b>=2"},
      {{package("a", "1", {"b=1.0", "", ""}), b}, "a b", "a-1: b=1.0"},
      {{package("a", "1", {"so:x=2", "", ""}), package("b", "1", {"", "so:x=1", ""})},
       "a b",
       "a-1: so:x=2"},
      {{package("a", "1", {"!b", "", ""}), b}, "a b", "a-1: !b"},
      {{b, package("a", "1", {"!b<2", "", ""})}, "a b", "a-1: !b<2"},
      {{package("a", "1", {"!x>5", "", ""}), package("b", "1", {"", "x", ""})}, "a b", "a-1: !x>5"},
      {{b, b2}, "b", "b: owned, and had by b-1 b-2"},
      {{a, a}, "a", "a-1: twice; a: owned, and had by a-1 a-1"},
      {{package("a", "1", {"", "x=1", ""}), package("b", "1", {"", "x=1", ""})},
       "a b",
       "x: owned, and had by a-1 b-1"},
      {{package("a", "1", {"", "x=1", ""}), package("b", "1", {"", "x", ""})},
       "a b",
       "x: owned, and had by a-1 b-1"},
      {{package("a", "1", {"", "b", ""}), b}, "a b", "b: owned, and had by a-1 b-1"},
      {{package("a", "1", {"", "a=2", ""})}, "a", "a: owned, and had by a-1 a-1"},
      {{broken}, "a", "a-1: uninstallable"},
      {{a, b}, "a", "b-1: without need"},
      {{a, b}, "a !c", "b-1: without need"},
      {{a, package("b", "1", {"", "", "a c"})}, "a", "b-1: without need"},
      {{a, package("b", "1", {"", "", "a>1"})}, "a", "b-1: without need"},
      {{a, package("b", "1", {"", "", "a !a"})}, "a", "b-1: without need"},
      // Two that bring in each other are still not needed.
      {{a, package("b", "1", {"", "", "c"}), package("c", "1", {"", "", "b"})},
       "a",
       "b-1: without need; c-1: without need"},
  };
  for (const Case& test_case : cases) {
    INFO(test_case.world);
    CHECK(faults(test_case.plan, test_case.world) == test_case.fault);
  }
}

}  // namespace
}  // namespace tarn::test
