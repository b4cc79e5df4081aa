#include "builder/rootfs/package_content.h"

#include <algorithm>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/shared.h"

using tarn::builder::PackageContent;
namespace apk = tarn::apk;

TEST_CASE("package content: one copy while someone holds it, the same octets later") {
  const auto shared = tarn::test::shared_folder();
  if (!shared) return;
  const auto mapping = tarn::MappedFile::open(
      *shared / "mirror/alpine/v3.19.1-bootmedia/x86_64/alpine-baselayout-data-3.4.3-r2.apk");
  const auto file = apk::PackageFile::parse(mapping.bytes(), "baselayout");
  auto data = apk::read_package_data(file);
  const PackageContent content(mapping, file, data.tar);
  CHECK(content.load() == data.tar);  // the very same octets, not a copy

  const tarn::Bytes expected = *data.tar;
  data.tar.reset();
  const auto first = content.load();
  CHECK(*first == expected);

  std::vector<std::shared_ptr<const tarn::Bytes>> loaded(8);
  {
    std::vector<std::jthread> threads;
    for (auto& slot : loaded) threads.emplace_back([&] { slot = content.load(); });
  }
  CHECK(std::all_of(loaded.begin(), loaded.end(), [&](const auto& one) { return one == first; }));
}

TEST_CASE("package content: a data section of another size is noticed") {
  const auto shared = tarn::test::shared_folder();
  if (!shared) return;
  const auto mapping = tarn::MappedFile::open(
      *shared / "mirror/alpine/v3.19.1-bootmedia/x86_64/alpine-baselayout-data-3.4.3-r2.apk");
  const auto file = apk::PackageFile::parse(mapping.bytes(), "baselayout");
  const std::size_t size = apk::read_package_data(file).tar->size();
  for (const std::size_t claimed : {size - 1, size + 1}) {
    const PackageContent content(mapping, file, std::make_shared<const tarn::Bytes>(claimed));
    CHECK_THROWS_AS(content.load(), tarn::Error);
  }
}
