#include "builder/package_files.h"

#include <thread>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/planned_packages.h"
#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {
namespace {

using test::PlannedPackages;

/// The listing of a package file.
apk::PackageListing listing_of(const MappedFile& mapping) {
  const auto file = apk::PackageFile::parse(mapping.bytes(), "made");
  return apk::list_package(file, apk::read_package_data(file));
}

Bytes bytes_of(const MappedFile& file) {
  return {file.bytes().begin(), file.bytes().end()};
}

/// A rotten octet in the middle of a file.
void damage(const std::filesystem::path& path) {
  std::string content = read_file(path);
  content[content.size() / 2] ^= 1;
  test::overwrite(path, content);
}

}  // namespace

TEST_CASE("package files: fetched once, then opened from the store") {
  PlannedPackages world;
  const apk::Package a = world.add("a", {{"usr/a", "1"}});
  const apk::Package b = world.add("b", {{"usr/b", "2"}});
  auto fetcher = world.fetcher();
  for (int time = 0; time < 2; ++time) {
    auto files = world.files(fetcher);
    CHECK(bytes_of(files.file(a, {})) == world.server.files[world.url_of(a)]);
    CHECK(bytes_of(files.file(b, {})) == world.server.files[world.url_of(b)]);
    CHECK(bytes_of(files.file(b, {})) == world.server.files[world.url_of(b)]);
    CHECK_FALSE(files.find_listing(a));
  }
  CHECK(world.server.asked.size() == 2);
}

TEST_CASE("package files: what has a listing is fetched when it is opened") {
  PlannedPackages world;
  const apk::Package a = world.add("a", {{"usr/a", "1"}});
  auto fetcher = world.fetcher();
  {
    auto files = world.files(fetcher);
    files.keep_listing(a, listing_of(files.file(a, {})));
  }
  std::filesystem::remove(world.blob_of(a));
  world.server.asked.clear();

  auto files = world.files(fetcher);
  const auto listing = files.find_listing(a);
  REQUIRE(listing);
  CHECK(listing->entries.back().path == "usr/a");
  CHECK(world.server.asked.empty());
  const auto open = files.opener(a);
  CHECK(world.server.asked.empty());
  CHECK(bytes_of(open()) == world.server.files[world.url_of(a)]);
  CHECK(world.server.asked.size() == 1);

  // Offline what is not there is said as for every file.
  std::filesystem::remove(world.blob_of(a));
  world.options.network = apk::NetworkUse::offline;
  auto offline = world.fetcher();
  auto offline_files = world.files(offline);
  CHECK(offline_files.find_listing(a));
  const Error error = test::error_of([&] { offline_files.opener(a)(); });
  CHECK(error.kind() == ErrorKind::network);
  CHECK(error.message() ==
        "cannot fetch a-1.0-r0: it is not in the cache, and the network is not to be used");
}

TEST_CASE("package files: a damaged copy is fetched again") {
  PlannedPackages world;
  const apk::Package a = world.add("a", {{"usr/a", "1"}});
  auto fetcher = world.fetcher();
  auto files = world.files(fetcher);
  files.file(a, {});
  const auto open = files.opener(a);
  for (int time = 0; time < 2; ++time) {
    CHECK(bytes_of(open()) == world.server.files[world.url_of(a)]);
    damage(world.blob_of(a));
  }
  CHECK(bytes_of(open()) == world.server.files[world.url_of(a)]);
  CHECK(world.server.asked.size() == 3);
}

TEST_CASE("package files: a damaged listing is none") {
  PlannedPackages world;
  const apk::Package a = world.add("a", {{"usr/a", "1"}});
  auto fetcher = world.fetcher();
  auto files = world.files(fetcher);
  const auto listing = listing_of(files.file(a, {}));
  files.keep_listing(a, listing);
  const auto bytes = apk::format_package_listing(listing).value();

  auto again = world.files(fetcher);
  damage(world.store.blob_path(sha256(bytes)));
  CHECK_FALSE(again.find_listing(a));
  CHECK(bytes_of(again.file(a, {})) == world.server.files[world.url_of(a)]);

  // Whoever can write the cache can give a wrong one its right digest: it must still be a listing.
  apk::PackageListing wrong = listing;
  wrong.entries.back().path = "../a";
  apk::ListingCache(world.store).put(a.identity, wrong);
  CHECK_FALSE(world.files(fetcher).find_listing(a));
}

TEST_CASE("package files: of several that cannot be had the first is named, with the others") {
  for (const bool is_offline : {false, true}) {
    PlannedPackages world;
    const apk::Package a = world.add("a", {{"usr/a", "1"}});
    const apk::Package b = world.add("b", {{"usr/b", "2"}});
    const apk::Package c = world.add("c", {{"usr/c", "3"}});
    auto fetcher = world.fetcher();
    world.server.files.erase(world.url_of(b));
    world.server.files.erase(world.url_of(c));
    if (is_offline) {
      world.files(fetcher).file(a, {});
      world.options.network = apk::NetworkUse::offline;
    }
    auto later = world.fetcher();
    auto files = world.files(later);
    CHECK(files.file(a, {}).bytes().size() == a.size);
    const Error error = test::error_of([&] { files.file(b, {}); });
    CHECK(error.kind() == ErrorKind::network);
    CHECK(error.message().starts_with("cannot fetch b-1.0-r0: "));
    CHECK(error.details().back().first == "also");
    CHECK(error.details().back().second.starts_with("cannot fetch c-1.0-r0: "));
    // Asked for again, it is said again.
    CHECK(test::error_of([&] { files.file(c, {}); }).message() == error.message());
  }
}

TEST_CASE("package files: what nobody waits for any more is not fetched to its end") {
  PlannedPackages world;
  const apk::Package a = world.add("a", {{"usr/a", "1"}});
  world.add("b", {{"usr/b", "2"}});
  world.server.before = [&](const std::string& url, const std::stop_token& stop) {
    while (url != world.url_of(a) && !stop.stop_requested()) std::this_thread::yield();
  };
  auto fetcher = world.fetcher();
  { world.files(fetcher).file(a, {}); }
  CHECK(world.server.asked == std::vector<std::string>{world.url_of(a)});
  // So when a stop is asked for.
  auto files = world.files(fetcher);
  std::jthread stopping([&] { world.stop.request_stop(); });
  CHECK(test::error_of([&] {
          files.file(world.resolution.plans[0].plan.packages[1].package, world.stop.get_token());
        }).kind() == ErrorKind::interrupted);
}

TEST_CASE("package files: of a local repository, verified each time they are opened") {
  PlannedPackages world;
  const auto folder = world.scratch / "main";
  world.resolution.repositories[0].url = Url::parse(folder.string()).value();
  const apk::Package a = world.add("a", {{"usr/a", "1"}});
  const std::filesystem::path path = world.url_of(a);
  std::filesystem::create_directories(path.parent_path());
  write_file(path, ByteView(world.server.files[path.string()]));

  auto fetcher = world.fetcher();
  auto files = world.files(fetcher);
  CHECK(bytes_of(files.file(a, {})) == world.server.files[path.string()]);
  const auto open = files.opener(a);
  damage(path);
  CHECK(test::error_of(open).kind() == ErrorKind::trust);
  std::filesystem::remove(path);
  CHECK(test::error_of(open).message() == "cannot fetch a-1.0-r0: there is no such file");
}

}  // namespace tarn::builder
