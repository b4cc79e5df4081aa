#include "builder/outdated.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace tarn::builder {
namespace {

apk::Package versioned(const std::string& name, const std::string& version) {
  apk::Package package;
  package.name = name;
  package.version = version;
  package.arch = "x86_64";
  package.identity = {sha1(name + version)};
  return package;
}

std::vector<apk::PlannedPackage> planned(const std::vector<apk::Package>& packages) {
  std::vector<apk::PlannedPackage> plan;
  for (const apk::Package& package : packages) plan.emplace_back().package = package;
  return plan;
}

/// A resolution with repositories of these packages, which a plan was made from.
struct Offers {
  Resolution resolution;
  ArchitecturePlan plan;

  Offers(const std::vector<std::vector<apk::Package>>& repositories,
         const std::vector<apk::Package>& updated) {
    std::vector<apk::BinaryIndex> indexes;
    for (std::size_t i = 0; i < repositories.size(); ++i) {
      apk::Repository& repository = resolution.repositories.emplace_back();
      repository.url =
          Url::parse("https://example.org/" + std::string(1, static_cast<char>('a' + i))).value();
      indexes.push_back(apk::BinaryIndex::from_packages(repositories[i]));
    }
    std::vector<const apk::BinaryIndex*> parts;
    for (const apk::BinaryIndex& index : indexes) parts.push_back(&index);
    plan.index = apk::BinaryIndex::join(parts);
    plan.plan.packages = planned(updated);
  }

  std::vector<OutdatedPackage> of(const std::vector<apk::Package>& packages) const {
    return find_outdated(planned(packages), resolution, plan);
  }
};

TEST_CASE("outdated: nothing where the plan has the newest of all") {
  const Offers offers({{versioned("app", "1.0-r0"), versioned("app", "0.9-r3")}},
                      {versioned("app", "1.0-r0")});
  CHECK(offers.of({versioned("app", "1.0-r0")}).empty());
  CHECK(offers.of({}).empty());
}

TEST_CASE("outdated: by name, with the update's version and the highest of any repository") {
  const Offers offers({{versioned("app", "1.1-r0"), versioned("zlib", "1-r0")},
                       {versioned("app", "1.10-r0"), versioned("app", "1.9-r0")}},
                      {versioned("zlib", "1-r0"), versioned("app", "1.1-r0")});
  CHECK(
      offers.of({versioned("zlib", "0-r1"), versioned("app", "1.0-r0")}) ==
      std::vector<OutdatedPackage>{{"app", "1.0-r0", "1.1-r0", "1.10-r0", "https://example.org/b"},
                                   {"zlib", "0-r1", "1-r0", "1-r0", "https://example.org/a"}});
}

TEST_CASE("outdated: the first repository of several that have the newest is named") {
  const Offers offers(
      {{versioned("app", "1.0-r0")}, {versioned("app", "2.0-r0")}, {versioned("app", "2.0-r0")}},
      {versioned("app", "2.0-r0")});
  const auto found = offers.of({versioned("app", "1.0-r0")});
  REQUIRE(found.size() == 1);
  CHECK(found[0].newest_repository == "https://example.org/b");
}

TEST_CASE("outdated: what is gone, held back, or newer than any repository's") {
  struct Case {
    const char* what;
    std::vector<apk::Package> offered;
    std::vector<apk::Package> updated;
    OutdatedPackage expected;
  };
  const std::string place = "https://example.org/a";
  const Case cases[] = {
      {"an update removes it",
       {versioned("app", "1.0-r0")},
       {},
       {"app", "1.0-r0", "", "1.0-r0", place}},
      {"nobody has it any more", {}, {}, {"app", "1.0-r0", "", "", ""}},
      {"it is held back",
       {versioned("app", "2.0-r0")},
       {versioned("app", "1.0-r0")},
       {"app", "1.0-r0", "1.0-r0", "2.0-r0", place}},
      {"repositories went back",
       {versioned("app", "0.9-r0")},
       {versioned("app", "0.9-r0")},
       {"app", "1.0-r0", "0.9-r0", "0.9-r0", place}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.what);
    CHECK(Offers({one.offered}, one.updated).of({versioned("app", "1.0-r0")}) ==
          std::vector<OutdatedPackage>{one.expected});
  }
}

}  // namespace
}  // namespace tarn::builder
