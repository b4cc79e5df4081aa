#include "builder/layer/package_groups.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace tarn;
using namespace tarn::builder;

namespace {

apk::InstalledPackage installed(const std::string& name, const std::string& origin,
                                std::uint64_t size, const std::string& replaces = "") {
  apk::InstalledPackage result;
  result.package.name = name;
  result.package.version = "2.0-r0";
  result.package.origin = origin;
  result.package.installed_size = size;
  if (!replaces.empty())
    result.package.replaces.push_back(apk::Dependency::parse(replaces).value());
  return result;
}

/// The groups as text: "a b|c".
std::string names(const std::vector<apk::InstalledPackage>& packages, std::size_t budget) {
  std::string text;
  for (const PackageGroup& group : group_packages(packages, budget)) {
    if (!text.empty()) text += '|';
    std::uint64_t size = 0;
    for (const std::size_t package : group.packages) {
      if (!text.empty() && text.back() != '|') text += ' ';
      text += packages[package].package.name;
      size += packages[package].package.installed_size;
    }
    CHECK(group.size == size);
    CHECK(std::is_sorted(group.packages.begin(), group.packages.end()));
  }
  return text;
}

}  // namespace

TEST_CASE("package groups: one origin stays together, the largest first") {
  const std::vector<apk::InstalledPackage> packages{
      installed("musl", "musl", 600),         installed("gcc-libs", "gcc", 100),
      installed("busybox", "busybox", 900),   installed("gcc", "gcc", 5000),
      installed("musl-utils", "musl", 400),   installed("none-a", "", 10),
      installed("ssl_client", "busybox", 20), installed("none-b", "", 30)};
  CHECK(names(packages, 10) == "gcc-libs gcc|musl musl-utils|busybox ssl_client|none-b|none-a");
  CHECK(names(packages, 5) == "gcc-libs gcc|musl musl-utils|busybox ssl_client|none-b|none-a");
}

TEST_CASE("package groups: what is beyond the budget becomes one group") {
  const std::vector<apk::InstalledPackage> packages{
      installed("d", "d", 10), installed("c", "c", 20), installed("b", "b", 30),
      installed("a", "a", 40)};
  CHECK(names(packages, 4) == "a|b|c|d");
  CHECK(names(packages, 3) == "a|b|d c");
  CHECK(names(packages, 2) == "a|d c b");
  CHECK(names(packages, 1) == "d c b a");
  CHECK(names(packages, 0) == "d c b a");
  CHECK(names({}, 3).empty());
}

TEST_CASE("package groups: equal sizes are in order of the last name in the group") {
  CHECK(names({installed("z", "one", 5), installed("a", "one", 5), installed("m", "two", 10)}, 9) ==
        "m|z a");
  CHECK(names({installed("a", "two", 10), installed("z", "one", 5), installed("b", "one", 5)}, 9) ==
        "a|z b");
}

TEST_CASE("package groups: who replaces another stays with it") {
  struct Case {
    const char* replaces;
    const char* groups;
  };
  const Case cases[] = {{"old", "big|new old"},    {"old<3", "big|new old"},
                        {"old<2", "big|old|new"},  {"old=2.0-r0", "big|new old"},
                        {"absent", "big|old|new"}, {"other-name>1", "big|old|new"}};
  for (const Case& item : cases) {
    CAPTURE(item.replaces);
    CHECK(names({installed("new", "new", 10, item.replaces), installed("big", "big", 100),
                 installed("old", "old", 20)},
                9) == item.groups);
  }
  // Over several steps, and through origins.
  CHECK(names({installed("a", "a", 1, "b"), installed("b", "bb", 1), installed("b2", "bb", 1, "c"),
               installed("c", "c", 1), installed("d", "d", 100)},
              9) == "d|a b b2 c");
}
