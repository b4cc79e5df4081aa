#include "builder/layer/layer_cache.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "builder/layer/compressor.h"
#include "builder/layer/segments.h"
#include "builder/layer/segments_ahead.h"
#include "unit/layer/sample_rootfs.h"
#include "unit/layer/scratch_cache.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

namespace fs = std::filesystem;

/// A package of `files` files of 10,000 octets in one source with that identity.
struct SamplePackage {
  std::string name;
  std::shared_ptr<test::CountingSource> source;

  explicit SamplePackage(const std::string& package, std::size_t files = 3) : name(package) {
    std::mt19937 random(static_cast<unsigned>(std::hash<std::string>{}(package)));
    std::string text;
    for (std::size_t i = 0; i < 10'000 * files; ++i) text += static_cast<char>('a' + random() % 16);
    source = std::make_shared<test::CountingSource>(std::move(text), "package " + package);
  }

  void put(Rootfs& rootfs, Owner owner) const {
    rootfs.make_directories("usr/" + name, owner);
    for (std::uint64_t at = 0; at < source->text().size(); at += 10'000)
      rootfs.put(fmt::format("usr/{}/{}", name, at),
                 {test::make_file(source, at, 10'000, 50), owner});
  }
};

Rootfs rootfs_of(const std::vector<const SamplePackage*>& packages,
                 const std::string& motd = "hi") {
  Rootfs rootfs;
  for (std::size_t i = 0; i < packages.size(); ++i)
    packages[i]->put(rootfs, Owner{static_cast<std::int32_t>(i)});
  rootfs.write_file("motd", motd, Owner{});
  return rootfs;
}

struct Counts : SilentProgress {
  std::map<std::string, std::uint64_t> sums;
  void count(std::string_view name, std::uint64_t number) override {
    sums[std::string(name)] += number;
  }
};

struct CountedCache {
  test::ScratchCache scratch;
  Counts counts;
  LayerCache cache{scratch.store, counts};

  Layer write(const Rootfs& rootfs, Compression compression = {Codec::gzip, 6},
              std::size_t threads = 2) {
    LayerOptions options;
    options.compression = compression;
    options.epoch = 1000;
    options.threads = threads;
    return write_layer(rootfs, options, cache, {});
  }

  std::uint64_t take(const std::string& name) { return std::exchange(counts.sums[name], 0); }

  void forget(const std::string& kind) {
    fs::remove_all(scratch.folder.path() / "v1" / "entries" / kind);
  }

  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::recursive_directory_iterator(scratch.folder.path()))
      if (entry.is_regular_file() && entry.path().filename() != "CACHEDIR.TAG")
        all.push_back(entry.path());
    std::ranges::sort(all);
    return all;
  }
};

Layer fresh(const Rootfs& rootfs, Compression compression = {Codec::gzip, 6}) {
  CountedCache cache;
  return cache.write(rootfs, compression, 1);
}

bool same(const Layer& one, const Layer& other) {
  return one.digest == other.digest && one.diff_id == other.diff_id && one.size == other.size &&
         one.tar_size == other.tar_size && one.media_type == other.media_type &&
         sha256(other.blob.bytes()) == other.digest;
}

}  // namespace

TEST_CASE("layer cache: a layer that is known is not made again") {
  const SamplePackage one("one");
  const Rootfs rootfs = rootfs_of({&one});
  CountedCache cache;
  const Layer first = cache.write(rootfs);
  CHECK(first.place == BlobPlace::cache);
  CHECK(cache.take("cache hits: layer") == 0);
  CHECK(same(first, cache.write(rootfs)));
  CHECK(cache.take("cache hits: layer") == 1);
  CHECK(one.source->loads() == 1);
}

TEST_CASE("layer cache: a segment is compressed once, in whatever layer it comes") {
  const SamplePackage one("one");
  const SamplePackage two("two");
  const SamplePackage three("three", 2);
  for (const Compression compression :
       {Compression{Codec::gzip, 6}, Compression{Codec::zstd, 3}, Compression{Codec::none, {}}}) {
    CountedCache cache;
    cache.write(rootfs_of({&one, &two}), compression);
    CHECK(cache.take("cache misses: segment") == 2);
    cache.take("cache hits: segment");
    const int loads = one.source->loads();
    const Rootfs other = rootfs_of({&three, &two, &one});
    const Layer layer = cache.write(other, compression);
    CHECK(cache.take("cache misses: segment") == 1);
    CHECK(cache.take("cache hits: segment") == 2);
    CHECK(one.source->loads() == loads);
    CHECK(same(fresh(other, compression), layer));
    // Another codec shares nothing.
    cache.write(other, {Codec::gzip, 1});
    CHECK(cache.take("cache hits: segment") == 0);
  }
}

TEST_CASE("layer cache: a change at the end hashes the end alone") {
  const SamplePackage one("one");
  const SamplePackage two("two", 900);  // several pieces
  CountedCache cache;
  cache.write(rootfs_of({&one, &two}, "before"));
  // Were any tar of the packages needed, it would have to be inflated: of damaged pieces it cannot.
  const Rootfs changed = rootfs_of({&one, &two}, "after");
  const Layer layer = cache.write(changed);
  CHECK(same(fresh(changed), layer));
  cache.forget("layer");
  CHECK(same(layer, cache.write(changed)));
  cache.forget("layer");
  cache.forget("layer-prefixes");
  CHECK(same(layer, cache.write(changed)));
}

TEST_CASE("layer cache: what compresses ahead keeps the same segments") {
  const SamplePackage one("one");
  const SamplePackage two("two", 900);
  Rootfs rootfs = rootfs_of({&one, &two});
  rootfs.write_file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", Owner{});
  rootfs.write_file("etc/group", "root:x:0:\n", Owner{});
  CountedCache cache;
  const auto compressor = make_compressor({Codec::gzip, 6});
  SegmentsAhead ahead(*compressor, cache.cache, 2, {});
  const std::vector<const SamplePackage*> packages{&one, &two};
  for (std::int32_t i = 0; i < 2; ++i) {
    std::vector<std::string> paths{"not/there"};
    const SamplePackage& package = *packages[static_cast<std::size_t>(i)];
    for (std::size_t at = 0; at < package.source->text().size(); at += 10'000)
      paths.push_back(fmt::format("usr/{}/{}", package.name, at));
    ahead.add(make_package_segment(rootfs, Owner{i}, paths, {1000, {}}), package.source->load());
  }
  ahead.finish();
  CHECK(cache.take("cache misses: segment") == 2);
  const Layer layer = cache.write(rootfs);
  CHECK(cache.take("cache hits: segment") == 2);
  CHECK(cache.take("cache misses: segment") == 0);
  CHECK(same(fresh(rootfs), layer));
}

TEST_CASE("layer cache: random images from one cache are those of empty ones") {
  std::vector<SamplePackage> packages;
  for (int i = 0; i < 12; ++i) packages.emplace_back(fmt::format("p{}", i), 1 + i % 4);
  std::mt19937 random(7);
  CountedCache cache;
  for (int round = 0; round < 40; ++round) {
    std::vector<const SamplePackage*> chosen;
    for (const SamplePackage& package : packages)
      if (random() % 2 == 0) chosen.push_back(&package);
    std::ranges::shuffle(chosen, random);
    Rootfs rootfs = rootfs_of(chosen, fmt::format("{}", random() % 3));
    // A recipe that changes a package's file.
    if (!chosen.empty() && random() % 3 == 0)
      rootfs.find("usr/" + chosen.front()->name + "/0")->node->mode = 0600;
    CHECK(same(fresh(rootfs), cache.write(rootfs, {Codec::gzip, 6}, 1 + random() % 8)));
  }
  CHECK(cache.take("cache hits: segment") > 40);
}

TEST_CASE("layer cache: a damaged file of the cache costs time only") {
  const SamplePackage one("one", 1);
  const SamplePackage two("two", 1);
  const Rootfs rootfs = rootfs_of({&one, &two});
  const Layer expected = fresh(rootfs);
  std::mt19937 random(3);
  for (const bool with_layer : {true, false}) {
    CountedCache cache;
    cache.write(rootfs);
    const std::size_t count = cache.files().size();
    REQUIRE(count >= 6);
    for (std::size_t file = 0; file < count; ++file)
      for (int round = 0; round < 25; ++round) {
        if (!with_layer) cache.forget("layer");
        cache.write(rootfs);
        if (!with_layer) cache.forget("layer");
        const auto files = cache.files();
        const fs::path& path = files[file % files.size()];
        std::string text = read_file(path);
        if (text.empty()) continue;
        if (round % 5 == 4)
          text.resize(random() % text.size());
        else
          text[random() % text.size()] ^= static_cast<char>(1U << random() % 8);
        write_file(path, text);
        CHECK_MESSAGE(same(expected, cache.write(rootfs)), path.string());
      }
  }
}

TEST_CASE("layer cache: every bit of a segment counts") {
  const SamplePackage one("one", 1);
  const Rootfs rootfs = rootfs_of({&one});
  const Layer expected = fresh(rootfs);
  CountedCache cache;
  cache.write(rootfs);
  const fs::path entries = cache.scratch.folder.path() / "v1" / "entries" / "segment";
  const std::string key = fs::directory_iterator(entries)->path().filename();
  const auto entry = cache.scratch.store.find("segment", key);
  REQUIRE(entry);
  const fs::path path = cache.scratch.store.blob_path(entry->blob);
  const std::string sound = read_file(path);
  const std::size_t step = std::max<std::size_t>(sound.size() * 8 / 400, 1);
  for (std::size_t bit = 0; bit < sound.size() * 8; bit += step) {
    std::string text = sound;
    text[bit / 8] ^= static_cast<char>(1U << bit % 8);
    write_file(path, text);
    cache.forget("layer");
    cache.forget("layer-prefixes");
    cache.take("cache misses: segment");
    CHECK(same(expected, cache.write(rootfs)));
    CHECK(cache.take("cache misses: segment") == 1);
    CHECK(read_file(path) == sound);
  }
}
