#include "builder/staging.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "apk/support/gzip.h"
#include "unit/package/built_package.h"
#include "unit/planned_packages.h"
#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {
namespace {

using test::error_of;
using test::PlannedPackages;

/// What came of staging all packages of a world.
struct Run {
  Staged staged;
  std::vector<std::string> installed;  ///< label, and whether the tar was there
};

Run run(PlannedPackages& world, std::size_t threads = 2) {
  Run result;
  auto fetcher = world.fetcher();
  auto files = world.files(fetcher);
  const auto& packages = world.resolution.plans[0].plan.packages;
  const StagingInput input{.resolution = world.resolution,
                           .plan = world.resolution.plans[0],
                           .files = files,
                           .scratch = world.scratch.folder.path(),
                           .threads = threads,
                           .installed = [&](const Rootfs& rootfs, const apk::InstalledPackage&,
                                            Owner owner, std::shared_ptr<const Bytes> tar) {
                             const apk::Package& package =
                                 packages[static_cast<std::size_t>(owner.value)].package;
                             CHECK(rootfs.find("usr/" + package.name) != nullptr);
                             result.installed.push_back(package.name + (tar ? " read" : ""));
                           }};
  result.staged = stage(Recipe{}, input, world.progress, world.stop.get_token());
  // Contents may be asked for when the files are gone.
  for (const auto& planned : packages) {
    const Entry* entry = result.staged.rootfs.find("usr/" + planned.package.name);
    REQUIRE(entry != nullptr);
    CHECK(entry->node->content.read() == "content of " + planned.package.name);
    CHECK(entry->node->content.source->identity() == "package " + planned.package.identity.str());
  }
  return result;
}

void add_packages(PlannedPackages& world, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string name = fmt::format("p{:02}", i);
    world.add(name, {{"usr/" + name, "content of " + name}},
              {{apk::ScriptKind::post_install, "#!/bin/sh\nexit 0\n"}});
  }
}

}  // namespace

TEST_CASE("staging: packages are read once, and known by their listings afterwards") {
  for (const std::size_t threads : {1U, 2U, 8U}) {
    PlannedPackages world;
    add_packages(world, 20);
    const Run cold = run(world, threads);
    CHECK(world.progress.of("cache misses: listing") == 20);
    CHECK(world.progress.of("cache hits: listing") == 0);
    CHECK(cold.installed.front() == "p00 read");
    CHECK(cold.installed.back() == "p19 read");

    world.server.asked.clear();
    const Run warm = run(world, threads);
    CHECK(world.progress.of("cache misses: listing") == 20);
    CHECK(world.progress.of("cache hits: listing") == 20);
    CHECK(warm.installed.size() == 20);
    CHECK(warm.installed.back() == "p19");
    CHECK(world.server.asked.empty());
    CHECK(warm.staged.scripts.size() == cold.staged.scripts.size());
    for (const char* file : {"lib/apk/db/installed", "usr/lib/apk/db/installed"}) {
      const Entry* entry = cold.staged.rootfs.find(file);
      if (entry == nullptr) continue;
      CHECK(warm.staged.rootfs.find(file)->node->content.read() == entry->node->content.read());
    }
  }
}

TEST_CASE("staging: contents heal after the store's copies were damaged or deleted") {
  PlannedPackages world;
  add_packages(world, 2);
  run(world);
  auto fetcher = world.fetcher();
  auto files = world.files(fetcher);
  const StagingInput input{.resolution = world.resolution,
                           .plan = world.resolution.plans[0],
                           .files = files,
                           .scratch = world.scratch.folder.path(),
                           .threads = 2};
  const Staged staged = stage(Recipe{}, input, world.progress, {});
  world.server.asked.clear();
  test::overwrite(world.blob_of(input.plan.plan.packages[0].package), "rotten");
  std::filesystem::remove(world.blob_of(input.plan.plan.packages[1].package));
  CHECK(staged.rootfs.find("usr/p00")->node->content.read() == "content of p00");
  CHECK(staged.rootfs.find("usr/p01")->node->content.read() == "content of p01");
  CHECK(world.server.asked.size() == 2);
}

TEST_CASE("staging: the same files under another identity are another content") {
  PlannedPackages world;
  const auto first = world.add("a", {{"usr/a", "content of a"}});
  PlannedPackages other;
  const auto second = other.add("a", {{"usr/a", "content of A"}});
  CHECK(first.identity != second.identity);
  const auto identity = [](PlannedPackages& of) {
    auto fetcher = of.fetcher();
    auto files = of.files(fetcher);
    const StagingInput input{.resolution = of.resolution,
                             .plan = of.resolution.plans[0],
                             .files = files,
                             .scratch = of.scratch.folder.path()};
    return stage(Recipe{}, input, of.progress, {})
        .rootfs.find("usr/a")
        ->node->content.source->identity();
  };
  CHECK(identity(world) == "package " + first.identity.str());
  CHECK(identity(other) == "package " + second.identity.str());
}

TEST_CASE("staging: a package that states no data hash is refused, and no listing kept") {
  PlannedPackages world;
  test::DataTar tar;
  tar.directory("usr").file("usr/a", "content of a").end();
  const auto package = world.add(test::joined({test::section({{".PKGINFO",
                                                               "pkgname = a\npkgver = 1.0-r0\n"
                                                               "arch = x86_64\nsize = 4096\n"}}),
                                               deflate_gzip(tar.tar(), 6)}));
  CHECK(error_of([&] { run(world); }).kind() == ErrorKind::trust);
  CHECK_FALSE(apk::ListingCache(world.store).find(package.identity));
}

TEST_CASE("staging: the error is that of the first package in the plan's order") {
  for (const std::size_t threads : {1U, 2U, 8U}) {
    PlannedPackages world;
    add_packages(world, 12);
    // Sound by its hashes, but it cannot be read: only unpacking finds that.
    test::DataTar tar;
    tar.file("usr/broken", "x").end();
    const auto broken = world.add(test::package_of(tar.tar()));
    const auto missing = world.add("missing", {{"usr/missing", "x"}});
    world.server.files.erase(world.url_of(missing));
    const Error error = error_of([&] { run(world, threads); });
    CHECK(error.kind() == ErrorKind::failed);
    CHECK(error.message() == "'usr/broken': no entry for its directory comes before it");
    CHECK_FALSE(apk::ListingCache(world.store).find(broken.identity));

    std::swap(world.resolution.plans[0].plan.packages[12],
              world.resolution.plans[0].plan.packages[13]);
    CHECK(error_of([&] { run(world, threads); }).message() ==
          "cannot fetch missing-1.0-r0: not found");
  }
}

TEST_CASE("staging: a stop ends it wherever it is") {
  for (const std::size_t at : {0U, 1U, 5U}) {
    PlannedPackages world;
    add_packages(world, 6);
    const auto& packages = world.resolution.plans[0].plan.packages;
    world.server.before = [&](const std::string& url, const std::stop_token&) {
      if (url == world.url_of(packages[at].package)) world.stop.request_stop();
    };
    CHECK(error_of([&] { run(world); }).kind() == ErrorKind::interrupted);
    CHECK(world.server.asked.size() == at);
  }
}

}  // namespace tarn::builder
