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
  const Sha256Digest digest = sha256("one");
  CHECK_FALSE(cache.find(url, digest));
  cache.put(url, digest, BinaryIndex::from_text(kText));
  const auto found = cache.find(url, digest);
  REQUIRE(found);
  CHECK(found->package(0).label() == "svc-2.0-r1");
  CHECK_FALSE(cache.find(url, sha256("two")));
  CHECK_FALSE(cache.find(Url::parse("https://example.org/other").value(), digest));
  // Credentials are not part of the place.
  CHECK(cache.find(url.without_credentials(), digest));

  // A newer one takes its place; what was found stays readable.
  cache.put(url, sha256("two"), BinaryIndex::from_text(""));
  CHECK_FALSE(cache.find(url, digest));
  CHECK(found->package(0).label() == "svc-2.0-r1");
  CHECK(cache.find(url, sha256("two"))->package_count() == 0);
}

TEST_CASE("a damaged binary index counts as absent and is replaced") {
  const test::Scratch scratch;
  Store store(scratch / "cache");
  IndexCache cache(store);
  const Url url = Url::parse("https://example.org/APKINDEX.tar.gz").value();
  const Sha256Digest digest = sha256("one");
  cache.put(url, digest, BinaryIndex::from_text(kText));
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(scratch / "cache/v1/blobs")) {
    if (!file.is_regular_file()) continue;
    std::string content = read_file(file.path());
    content.at(100) = static_cast<char>(content.at(100) ^ 1);
    write_file(file.path(), content);
  }
  CHECK_FALSE(cache.find(url, digest));
  cache.put(url, digest, BinaryIndex::from_text(kText));
  CHECK(cache.find(url, digest));
}

}  // namespace tarn::apk
