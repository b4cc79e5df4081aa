#include "builder/rootfs/package_content.h"

#include <algorithm>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "apk/package/package_file.h"
#include "apk/support/error.h"
#include "unit/fetch/scratch.h"
#include "unit/package/built_package.h"

using tarn::builder::PackageContent;
namespace apk = tarn::apk;

namespace {

/// A package file on disk, and what is in it.
struct OnDisk {
  tarn::test::Scratch scratch;
  std::filesystem::path path = scratch / "a.apk";
  tarn::Bytes tar;
  apk::Identity identity;
  int opened = 0;

  OnDisk() {
    tarn::test::DataTar data;
    data.directory("usr").file("usr/a", std::string(100000, 'a')).end();
    tar = data.tar();
    const tarn::Bytes file = tarn::test::package_of(tar);
    tarn::write_file(path, file);
    identity = apk::PackageFile::parse(file, "a").package().identity;
  }
  PackageContent::Facts facts() {
    return {.label = "a-1.0-r0", .identity = identity, .tar_size = tar.size(), .open = [this] {
              ++opened;
              return tarn::MappedFile::open(path);
            }};
  }
};

}  // namespace

TEST_CASE("package content: one copy while someone holds it, the same octets later") {
  OnDisk package;
  auto given = std::make_shared<const tarn::Bytes>(package.tar);
  const PackageContent content(package.facts(), given);
  CHECK(content.load() == given);  // the very same octets, not a copy
  CHECK(package.opened == 0);

  given.reset();
  const auto first = content.load();
  CHECK(*first == package.tar);

  std::vector<std::shared_ptr<const tarn::Bytes>> loaded(8);
  {
    std::vector<std::jthread> threads;
    for (auto& slot : loaded) threads.emplace_back([&] { slot = content.load(); });
  }
  CHECK(std::all_of(loaded.begin(), loaded.end(), [&](const auto& one) { return one == first; }));
  CHECK(package.opened == 1);
}

TEST_CASE("package content: nothing is opened before it is asked for") {
  OnDisk package;
  const PackageContent content(package.facts());
  CHECK(content.identity() == "package " + package.identity.str());
  CHECK(package.opened == 0);
  CHECK(*content.load() == package.tar);
  CHECK(package.opened == 1);
}

TEST_CASE("package content: without a hash of its data a package stands for nothing") {
  OnDisk package;
  auto facts = package.facts();
  facts.identity.reset();
  CHECK(PackageContent(std::move(facts)).identity().empty());
}

TEST_CASE("package content: a data section of another size is noticed") {
  OnDisk package;
  for (const int difference : {-1, 1}) {
    auto facts = package.facts();
    facts.tar_size += static_cast<std::uint64_t>(difference);
    CHECK_THROWS_AS(PackageContent(std::move(facts)).load(), tarn::Error);
  }
}
