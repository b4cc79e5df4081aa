#include "apk/fetch/index_cache.h"

#include <filesystem>

#include <doctest/doctest.h>

#include "tests/unit/fetch/scratch.h"

namespace tarn::apk {
namespace {

const std::string kText =
    "C:Q1TD/6b5L/7zTai/me+k/PJePFscE=\nP:svc\nV:2.0-r1\nA:x86_64\nS:1548\nI:50\nT:\nU:\nL:\n\n";

}  // namespace

TEST_CASE("a binary index is found for the octets it was made from, and for no others") {
  const test::Scratch scratch;
  Store store(scratch / "cache");
  IndexCache cache(store);
  const Url url = Url::parse("https://user:secret@example.org/main/x86_64/APKINDEX.tar.gz").value();
  const Url other = Url::parse("https://example.org/other").value();
  const Sha256Digest one = sha256("one");
  const Sha256Digest two = sha256("two");
  CHECK_FALSE(cache.find({url}, {one}));
  CHECK(cache.sources({url}).empty());
  cache.put({url}, {one}, BinaryIndex::from_text(kText));
  const auto found = cache.find({url}, {one});
  REQUIRE(found);
  CHECK(found->package(0).label() == "svc-2.0-r1");
  CHECK(cache.sources({url}) == std::vector{one});
  CHECK_FALSE(cache.find({url}, {two}));
  CHECK_FALSE(cache.find({other}, {one}));
  // Credentials are not part of the place.
  CHECK(cache.find({url.without_credentials()}, {one}));

  // A newer one takes its place; what was found stays readable.
  cache.put({url}, {two}, BinaryIndex::from_text(""));
  CHECK_FALSE(cache.find({url}, {one}));
  CHECK(found->package(0).label() == "svc-2.0-r1");
  CHECK(cache.find({url}, {two})->package_count() == 0);

  // Several together are another thing than each.
  const BinaryIndex part = BinaryIndex::from_text(kText);
  cache.put({url, other}, {one, two}, BinaryIndex::join({&part, &part}));
  CHECK(cache.find({url, other}, {one, two})->package_count() == 2);
  CHECK(cache.sources({url, other}) == std::vector{one, two});
  CHECK_FALSE(cache.find({other, url}, {one, two}));
  CHECK_FALSE(cache.find({url, other}, {two, one}));
  CHECK(cache.find({url}, {two})->package_count() == 0);
  // What was not made of as many files as there are places is none of theirs.
  cache.put({url, other}, {one, two}, part);
  CHECK_FALSE(cache.find({url, other}, {one, two}));
}

TEST_CASE("a damaged binary index counts as absent and is replaced") {
  const test::Scratch scratch;
  Store store(scratch / "cache");
  IndexCache cache(store);
  const Url url = Url::parse("https://example.org/APKINDEX.tar.gz").value();
  const Sha256Digest digest = sha256("one");
  cache.put({url}, {digest}, BinaryIndex::from_text(kText));
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(scratch / "cache/v1/blobs")) {
    if (!file.is_regular_file()) continue;
    std::string content = read_file(file.path());
    content.at(100) = static_cast<char>(content.at(100) ^ 1);
    write_file(file.path(), content);
  }
  CHECK_FALSE(cache.find({url}, {digest}));
  cache.put({url}, {digest}, BinaryIndex::from_text(kText));
  CHECK(cache.find({url}, {digest}));
}

}  // namespace tarn::apk
