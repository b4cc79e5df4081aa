#include "builder/opened_packages.h"

#include <chrono>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "apk/support/gzip.h"
#include "unit/package/built_package.h"
#include "unit/planned_packages.h"

namespace tarn::builder {
namespace {

using test::PlannedPackages;

constexpr std::size_t mib = 1U << 20U;

/// Packages of so many octets each.
void add_packages(PlannedPackages& world, const std::vector<std::size_t>& sizes) {
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::string name = fmt::format("p{}", i);
    world.add(name, {{"usr/" + name, std::string(sizes[i], 'x')}});
  }
}

}  // namespace

TEST_CASE("opened packages: in the plan's order, with little data ahead of who takes them") {
  struct Case {
    const char* name;
    std::vector<std::size_t> sizes;
    std::uint64_t ahead;  ///< so many at most are read before they are asked for
  };
  const std::vector<Case> cases = {
      {"some that fit", {4 * mib, 4 * mib, 4 * mib, 4 * mib, 4 * mib, 4 * mib}, 3},
      {"each as large as all may be", {11 * mib, 11 * mib, 11 * mib}, 1},
      {"each larger", {15 * mib, 15 * mib, 15 * mib}, 0},
      {"large ones among small ones", {1, 15 * mib, 1, 1, 13 * mib, 1}, 3},
  };
  for (const auto& row : cases) {
    const auto& [name, sizes, ahead] = row;
    INFO(std::string(row.name));
    PlannedPackages world;
    add_packages(world, sizes);
    auto fetcher = world.fetcher();
    auto files = world.files(fetcher);
    const auto& packages = world.resolution.plans[0].plan.packages;
    OpenedPackages opened(packages, files, 4, world.progress, {});
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const OpenedPackage one = opened.next();
      CHECK(one.package.package.name == packages[i].package.name);
      REQUIRE(one.tar);
      CHECK(one.tar->size() > sizes[i]);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      CHECK(world.progress.of("cache misses: listing") <= i + 1 + ahead);
    }
  }
}

TEST_CASE("opened packages: with listings no data is read, and not all are held at a time") {
  PlannedPackages world;
  add_packages(world, std::vector<std::size_t>(60, 1));
  const auto& packages = world.resolution.plans[0].plan.packages;
  auto fetcher = world.fetcher();
  {
    auto files = world.files(fetcher);
    OpenedPackages opened(packages, files, 2, world.progress, {});
    for (std::size_t i = 0; i < packages.size(); ++i) opened.next();
  }
  auto files = world.files(fetcher);
  OpenedPackages opened(packages, files, 2, world.progress, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(world.progress.of("cache hits: listing") <= 18);
  for (std::size_t i = 0; i < packages.size(); ++i) {
    const OpenedPackage one = opened.next();
    CHECK_FALSE(one.tar);
    CHECK(one.package.package.name == packages[i].package.name);
    CHECK(one.package.entries.size() == 2);
  }
  CHECK(world.progress.of("cache hits: listing") == 60);
  CHECK(opened.waited().count() == 0);
}

TEST_CASE("opened packages: waiting for the network is told apart") {
  PlannedPackages world;
  add_packages(world, {1, 1, 1});
  world.server.before = [](const std::string&, const std::stop_token&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  };
  auto fetcher = world.fetcher();
  auto files = world.files(fetcher);
  const auto& packages = world.resolution.plans[0].plan.packages;
  OpenedPackages opened(packages, files, 2, world.progress, {});
  for (std::size_t i = 0; i < packages.size(); ++i) opened.next();
  CHECK(opened.waited() > std::chrono::milliseconds(20));
}

TEST_CASE("opened packages: they may be given up at any time") {
  for (const std::size_t taken : {0U, 1U, 5U}) {
    PlannedPackages world;
    add_packages(world, {1, 15 * mib, 1, 5 * mib, 15 * mib, 5 * mib, 1});
    auto fetcher = world.fetcher();
    auto files = world.files(fetcher);
    OpenedPackages opened(world.resolution.plans[0].plan.packages, files, 3, world.progress, {});
    for (std::size_t i = 0; i < taken; ++i) opened.next();
  }
}

TEST_CASE("opened packages: a package that claims to be huge waits its turn, no more") {
  PlannedPackages world;
  add_packages(world, {1, 1});
  test::DataTar tar;
  tar.directory("usr").end();
  const Bytes data = deflate_gzip(tar.tar(), 6);
  for (const char* size : {"18446744073709551615", "5000000000"})
    world.add(test::joined(
        {test::section({{".PKGINFO", fmt::format("pkgname = huge{0}\npkgver = 1-r0\n"
                                                 "arch = x86_64\nsize = {0}\ndatahash = {1}\n",
                                                 size, to_hex(sha256(data)))}}),
         data}));
  add_packages(world, {1, 1});
  auto fetcher = world.fetcher();
  auto files = world.files(fetcher);
  const auto& packages = world.resolution.plans[0].plan.packages;
  OpenedPackages opened(packages, files, 2, world.progress, {});
  for (std::size_t i = 0; i < packages.size(); ++i)
    CHECK(opened.next().package.package.name == packages[i].package.name);
}

}  // namespace tarn::builder
