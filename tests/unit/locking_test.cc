#include "builder/locking.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/index/index.h"
#include "apk/support/file.h"
#include "builder/apko_locking.h"
#include "builder/lock/lock_file.h"
#include "builder/recipe/load.h"
#include "unit/planned_packages.h"
#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {
namespace {

using test::error_of;

/// A server with a repository, and a recipe of it.
struct LockWorld {
  test::PlannedPackages packages;
  std::vector<apk::Package> offered;
  ResolveOptions options{.architectures = {},
                         .signatures = apk::SignaturePolicy::ignored,
                         .open_repository = {},
                         .scratch = {}};
  Recipe recipe = recipe_for("[app]");

  Recipe recipe_for(const std::string& wanted, const std::string& more = {}) const {
    return load_recipe_text("contents: {repositories: [https://example.org/main], packages: " +
                                wanted + "}\narchs: [x86_64]\n" + more,
                            (packages.scratch / "app.yaml").string());
  }
  void offer(const std::string& name, const std::string& version, const std::string& needs = {}) {
    apk::PackageManifest manifest;
    manifest.package.name = name;
    manifest.package.version = version;
    manifest.package.arch = "x86_64";
    manifest.package.build_time = 1700000000;
    if (!needs.empty()) manifest.package.depends = {apk::Dependency::parse(needs).value()};
    apk::Payload payload;
    apk::PayloadEntry& entry = payload.emplace_back();
    entry.header.path = "usr/" + name;
    entry.header.mode = 0644;
    entry.content = Bytes(name.size());
    offered.push_back(packages.add(apk::write_package(manifest, std::move(payload))));
    const auto& repository = packages.resolution.repositories[0];
    packages.server.files[repository.index_url("x86_64").str()] = apk::write_index("", offered);
  }
  Lock lock(const LockRequest& request = {}) {
    auto fetcher = packages.fetcher();
    return lock_recipe(recipe, request, options, fetcher, packages.progress,
                       packages.stop.get_token());
  }
  Lock fit(const Lock& older) {
    auto fetcher = packages.fetcher();
    return fit_lock(recipe, older, options, fetcher, packages.progress, packages.stop.get_token());
  }
  Lock from_apko(const ApkoLock& locked) {
    auto fetcher = packages.fetcher();
    return lock_from_apko(recipe, locked, options, fetcher, packages.stop.get_token());
  }
  /// What apko would write of a lock's packages.
  static ApkoLock as_apko(const Lock& lock) {
    ApkoLock apko;
    for (const auto& [package, repository, tag] : lock.architectures.at(0).packages)
      apko.packages.push_back(
          {.name = package.name,
           .version = package.version,
           .architecture = "x86_64",
           .url = Url::parse("https://example.org/main/x86_64/" + package.label() + ".apk").value(),
           .identity = package.identity,
           .data = {}});
    return apko;
  }
};

std::string labels(const Lock& lock) {
  std::string text;
  for (const auto& planned : lock.architectures.at(0).packages)
    text += (text.empty() ? "" : " ") + planned.package.label();
  return text;
}

std::string misfits_text(const std::vector<Misfit>& misfits) {
  std::string text;
  for (const Misfit& misfit : misfits)
    text += misfit.part + ": " + misfit.change +
            (misfit.concern == Misfit::Concern::packages ? " (packages)\n" : " (image)\n");
  return text;
}

TEST_CASE("locking: the plan in install order, from the index alone") {
  LockWorld world;
  world.offer("app", "1.0-r0", "lib");
  world.offer("lib", "1.0-r0");
  const Lock lock = world.lock();
  CHECK(labels(lock) == "lib-1.0-r0 app-1.0-r0");
  CHECK(lock.signatures == apk::SignaturePolicy::ignored);
  CHECK(lock.recipe.packages == std::vector<std::string>{"app"});
  for (const std::string& url : world.packages.server.asked)
    CHECK(url.ends_with("APKINDEX.tar.gz"));
  CHECK(misfits_text(find_misfits(world.recipe, lock, world.options)).empty());
  const Resolution resolution =
      locked_resolution(world.recipe, lock, world.options, world.packages.stop.get_token());
  REQUIRE(resolution.plans.size() == 1);
  CHECK(resolution.sources == PackageSources::any);
  CHECK(resolution.plans[0].plan.packages.size() == 2);
  CHECK(write_lock(read_lock(write_lock(lock), "app.lock.json")) == write_lock(lock));
}

TEST_CASE("locking: an update takes what is named, and what that calls for") {
  LockWorld world;
  world.offer("app", "1.0-r0", "lib");
  world.offer("lib", "1.0-r0");
  const Lock older = world.lock();
  world.offer("lib", "1.1-r0");
  world.offer("app", "1.1-r0", "lib");
  CHECK(labels(world.lock({.older = &older, .upgrade = {}})) == "lib-1.0-r0 app-1.0-r0");
  CHECK(labels(world.lock({.older = &older, .upgrade = {"lib"}})) == "lib-1.1-r0 app-1.0-r0");
  CHECK(labels(world.lock({.older = &older, .upgrade = {}, .upgrade_all = true})) ==
        "lib-1.1-r0 app-1.1-r0");
  world.offer("app", "1.2-r0", "lib>=1.1");
  CHECK(labels(world.lock({.older = &older, .upgrade = {"app"}})) == "lib-1.1-r0 app-1.2-r0");
  CHECK(error_of([&] { world.lock({.older = &older, .upgrade = {"other"}}); }).message() ==
        "'other' is neither in the lock nor in the recipe");
}

TEST_CASE("locking: what concerns the image alone asks for nothing, the rest changes little") {
  LockWorld world;
  world.offer("app", "1.0-r0", "lib");
  world.offer("lib", "1.0-r0");
  world.offer("more", "1.0-r0");
  const Lock older = world.lock();
  world.offer("app", "1.1-r0", "lib");
  world.packages.server.asked.clear();

  world.recipe = world.recipe_for("[app]", "cmd: app\n");
  CHECK(misfits_text(find_misfits(world.recipe, older, world.options)) == "cmd: added (image)\n");
  Lock fitting = world.fit(older);
  CHECK(labels(fitting) == "lib-1.0-r0 app-1.0-r0");
  CHECK(world.packages.server.asked.empty());
  CHECK(misfits_text(find_misfits(world.recipe, fitting, world.options)).empty());

  world.recipe = world.recipe_for("[app, more]", "cmd: app\n");
  CHECK(misfits_text(find_misfits(world.recipe, fitting, world.options)) ==
        "contents.packages: added: more (packages)\n");
  fitting = world.fit(fitting);
  CHECK(labels(fitting) == "lib-1.0-r0 app-1.0-r0 more-1.0-r0");
}

TEST_CASE("locking: files and keys of the host count by what they hold") {
  LockWorld world;
  const auto& scratch = world.packages.scratch;
  world.offer("app", "1.0-r0");
  write_file(scratch / "app.conf", "one");
  write_file(scratch / "key.rsa.pub", "one");
  const Recipe recipe = load_recipe_text(
      "contents: {repositories: [https://example.org/main], packages: [app],\n"
      "           keyring: [./key.rsa.pub, https://example.org/other.pub]}\n"
      "archs: [x86_64]\nfiles: [{path: /etc/app.conf, source: ./app.conf}]\n",
      (scratch / "app.yaml").string());
  Lock lock = world.lock();
  // Not with a keyring of nonsense: what it says of the host is what is looked at here.
  const auto misfits = [&] { return misfits_text(find_misfits(recipe, lock, world.options)); };
  CHECK(misfits() ==
        "contents.keyring: added (packages)\ncontents.keyring ./key.rsa.pub: added (packages)\n"
        "files: added (image)\nthe file ./app.conf: added (image)\n");
  Resolution resolution = recipe_resolution(recipe);
  lock.recipe = make_lock(recipe, resolution, world.options).recipe;
  CHECK(misfits().empty());
  write_file(scratch / "app.conf", "two");
  CHECK(misfits() == "the file ./app.conf: changed (image)\n");
  write_file(scratch / "key.rsa.pub", "two");
  CHECK(
      misfits() ==
      "contents.keyring ./key.rsa.pub: changed (packages)\nthe file ./app.conf: changed (image)\n");
  std::filesystem::remove(scratch / "key.rsa.pub");
  write_file(scratch / "app.conf", "one");
  CHECK(misfits() == "contents.keyring ./key.rsa.pub: removed (packages)\n");
}

TEST_CASE("locking: apko's lock stands for the lock of the same packages") {
  LockWorld world;
  world.offer("app", "1.0-r0", "lib");
  world.offer("lib", "1.0-r0");
  Lock lock = world.lock();
  Lock same = world.from_apko(LockWorld::as_apko(lock));
  CHECK(same.architectures.at(0).index_digests.empty());
  same.architectures.at(0).index_digests = lock.architectures.at(0).index_digests;
  CHECK(write_lock(same) == write_lock(lock));
  CHECK(find_unmet_wishes(world.recipe, same).empty());
  CHECK(misfits_text(
            find_unmet_wishes(world.recipe_for("[app<1, lib, '!app', '!other', none]"), same)) ==
        "contents.packages: not as the lock has it: !app (packages)\n"
        "contents.packages: not as the lock has it: app<1 (packages)\n"
        "contents.packages: not as the lock has it: none (packages)\n");
}

TEST_CASE("locking: an apko lock whose packages are others is refused") {
  LockWorld world;
  world.offer("app", "1.0-r0");
  const ApkoLock right = LockWorld::as_apko(world.lock());
  const auto refused = [&](const auto& change) {
    ApkoLock wrong = right;
    change(wrong.packages[0]);
    return error_of([&] { world.from_apko(wrong); });
  };
  CHECK(refused([](auto& package) {
          package.identity = {sha1(std::string_view("other"))};
        }).kind() == ErrorKind::trust);
  CHECK(refused([](auto& package) { package.version = "1.1-r0"; }).message() ==
        "https://example.org/main/x86_64/app-1.0-r0.apk is another package than the lock says");
  CHECK(
      refused([](auto& package) { package.data = sha256(std::string_view("other")); }).message() ==
      "https://example.org/main/x86_64/app-1.0-r0.apk has other data than the lock says");
  CHECK(refused([](auto& package) {
          package.url = Url::parse("https://example.org/other/x86_64/app-1.0-r0.apk").value();
        }).message() == "the lock has app-1.0-r0 from none of the recipe's repositories");
  CHECK(refused([](auto& package) { package.architecture = "aarch64"; }).message() ==
        "the lock has no packages for x86_64");
}

TEST_CASE("locking: the text that apko hashed, but for line ends") {
  LockWorld world;
  const auto& scratch = world.packages.scratch;
  const std::string text = "contents: {packages: [app]}\ninclude: base.yaml\n";
  const std::string base = "archs: [x86_64]\n";
  write_file(scratch / "app.yaml", text);
  write_file(scratch / "base.yaml", base);
  const Recipe recipe = load_recipe(scratch / "app.yaml");
  ApkoLock lock;
  CHECK(find_text_misfits(recipe, {}, lock).empty());
  lock.configuration = sha256(text + base);
  CHECK(find_text_misfits(recipe, {}, lock).empty());
  write_file(scratch / "base.yaml", std::string("archs: [x86_64]\r\n"));
  CHECK(find_text_misfits(recipe, {}, lock).empty());
  write_file(scratch / "base.yaml", std::string("archs: [aarch64]\n"));
  CHECK(find_text_misfits(recipe, {}, lock).size() == 1);
}

}  // namespace
}  // namespace tarn::builder
