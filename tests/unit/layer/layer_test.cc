#include "builder/layer/layer.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <zstd.h>

#include "apk/support/error.h"
#include "apk/support/gzip.h"
#include "builder/layer/compressor.h"
#include "builder/layer/segments.h"
#include "unit/layer/archive_reader.h"
#include "unit/layer/sample_rootfs.h"
#include "unit/layer/scratch_cache.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

Layer write(const Rootfs& rootfs, Compression compression, std::size_t threads = 2,
            const std::stop_token& stop = {}) {
  test::ScratchCache scratch;
  LayerOptions options;
  options.compression = compression;
  options.epoch = 1000;
  options.threads = threads;
  return write_layer(rootfs, options, scratch.cache, stop);  // its blob outlives the folder
}

Bytes unzstd(ByteView input) {
  Bytes out;
  while (!input.empty()) {
    const auto size = ZSTD_getFrameContentSize(input.data(), input.size());
    REQUIRE(size != ZSTD_CONTENTSIZE_UNKNOWN);
    REQUIRE(size != ZSTD_CONTENTSIZE_ERROR);
    const std::size_t frame = ZSTD_findFrameCompressedSize(input.data(), input.size());
    const std::size_t at = out.size();
    out.resize(at + size);
    REQUIRE(ZSTD_decompress(out.data() + at, size, input.data(), frame) == size);
    input = input.subspan(frame);
  }
  return out;
}

Bytes tar_of(const Layer& layer) {
  const ByteView blob = layer.blob.bytes();
  if (layer.media_type.ends_with("+zstd")) return unzstd(blob);
  if (layer.media_type.ends_with("+gzip")) return inflate_whole_gzip(blob, 1U << 30U);
  return {blob.begin(), blob.end()};
}

constexpr int many_packages = 300;

/// Many small packages, empty files, and two big ones, one of noise.
Rootfs big_rootfs() {
  std::mt19937 random(3);
  Rootfs rootfs;
  std::int32_t package = 0;
  for (int i = 0; i < many_packages; ++i, ++package) {
    std::string text(random() % 3000, '\0');
    for (char& c : text) c = static_cast<char>('a' + random() % 20);
    const auto source = std::make_shared<test::CountingSource>(text);
    const std::string folder = fmt::format("usr/p{}", i);
    rootfs.make_directories(folder, Owner{package});
    rootfs.put(folder + "/half", {test::make_file(source, 0, text.size() / 2, i), Owner{package}});
    rootfs.put(folder + "/rest",
               {test::make_file(source, text.size() / 2, text.size() - text.size() / 2, i),
                Owner{package}});
  }
  std::string noise(20U << 20U, '\0');
  for (std::size_t i = 0; i < noise.size(); i += 4) {
    const auto number = static_cast<std::uint32_t>(random());
    std::copy_n(reinterpret_cast<const char*>(&number), 4, noise.data() + i);
  }
  rootfs.put("usr/noise",
             {test::make_file(std::make_shared<test::CountingSource>(noise), 0, noise.size(), 1),
              Owner{package++}});
  rootfs.put("usr/dull", {test::make_file(std::string(19U << 20U, 'd'), 1), Owner{package++}});
  return rootfs;
}

/// The type of the blob's media, and whether a shell command takes the blob on its input.
bool accepts(const char* command, const Layer& layer) {
  const TemporaryDirectory folder(std::filesystem::temp_directory_path() / "tarn-layer-");
  write_file(folder.path() / "blob", layer.blob.bytes());
  const std::string line =
      fmt::format("{} < {} > /dev/null", command, (folder.path() / "blob").string());
  return std::system(line.c_str()) == 0;  // NOLINT(cert-env33-c)
}

}  // namespace

TEST_CASE("layer: digests and sizes are those of the blob and of the tar in it") {
  const Rootfs rootfs = test::sample_rootfs();
  struct Case {
    Codec codec;
    const char* media_type;
  };
  const Case cases[] = {{Codec::gzip, "application/vnd.oci.image.layer.v1.tar+gzip"},
                        {Codec::zstd, "application/vnd.oci.image.layer.v1.tar+zstd"},
                        {Codec::none, "application/vnd.oci.image.layer.v1.tar"}};
  std::set<Sha256Digest> diff_ids;
  for (const Case& item : cases) {
    CAPTURE(item.media_type);
    const Layer layer = write(rootfs, {item.codec, {}});
    CHECK(layer.media_type == item.media_type);
    CHECK(layer.size == layer.blob.bytes().size());
    CHECK(layer.digest == sha256(layer.blob.bytes()));
    const Bytes tar = tar_of(layer);
    CHECK(layer.tar_size == tar.size());
    CHECK(layer.diff_id == sha256(ByteView(tar)));
    diff_ids.insert(layer.diff_id);
    CHECK(test::read_archive(layer.blob.bytes()).size() == 15);
  }
  CHECK(diff_ids.size() == 1);
  // What other versions of the program made of the same tree. Another value here is another tar
  // format: tar_format_version has to change with it.
  CHECK(to_hex(*diff_ids.begin()) ==
        "5c1889d1e06b5b3ec48bb00eeaa7d99e9789dc2f6066128d0a49a3124fd954ec");
}

TEST_CASE("layer: gzip is one member, and gzip and tar take it") {
  const Layer layer = write(test::sample_rootfs(), {Codec::gzip, {}});
  CHECK(gzip_member_size(layer.blob.bytes(), 1U << 20U) == layer.size);
  CHECK(accepts("gzip -t", layer));
  CHECK(accepts("tar -tzvf -", layer));
}

TEST_CASE("layer: an empty rootfs is an archive without entries") {
  for (const Codec codec : {Codec::gzip, Codec::zstd, Codec::none}) {
    const Layer layer = write(Rootfs(), {codec, {}});
    CHECK(layer.tar_size == 1024);
    CHECK(tar_of(layer) == Bytes(1024));
  }
}

TEST_CASE("layer: the bytes do not depend on the number of threads") {
  const Rootfs rootfs = big_rootfs();
  for (const Compression compression :
       {Compression{Codec::gzip, 1}, Compression{Codec::zstd, 1}, Compression{Codec::none, {}}}) {
    const Layer one = write(rootfs, compression, 1);
    CHECK(one.digest == sha256(one.blob.bytes()));
    const Bytes tar = tar_of(one);
    CHECK(sha256(ByteView(tar)) == one.diff_id);
    for (const std::size_t threads : {2U, 3U, 8U}) {
      const Layer many = write(rootfs, compression, threads);
      CHECK(many.digest == one.digest);
      CHECK(many.diff_id == one.diff_id);
    }
    if (compression.codec != Codec::gzip) continue;
    CHECK(gzip_member_size(one.blob.bytes(), 1U << 30U) == one.size);
    CHECK(accepts("gzip -t", one));
    const auto entries = test::read_archive(one.blob.bytes());
    CHECK(entries.size() == many_packages * 3 + 1 + 2);
    std::set<std::string> paths;
    for (const auto& entry : entries) {
      CHECK(paths.insert(entry.path).second);
      if (entry.type != '-') continue;
      const Entry* original = rootfs.find(entry.path);
      REQUIRE(original != nullptr);
      CHECK(entry.content == original->node->content.read());
    }
  }
}

TEST_CASE("layer: a source is loaded once, however many pieces and files it fills") {
  const auto source = std::make_shared<test::CountingSource>(std::string(30U << 20U, 's'), "s");
  Rootfs rootfs;
  for (int i = 0; i < 30; ++i)
    rootfs.put(
        fmt::format("f{}", i),
        {test::make_file(source, static_cast<std::uint64_t>(i) << 20U, 1U << 20U), Owner{0}});
  write(rootfs, {Codec::gzip, 1}, 4);
  CHECK(source->loads() == 1);
}

TEST_CASE("layer: levels") {
  const Rootfs rootfs = test::sample_rootfs();
  CHECK(write(rootfs, {Codec::gzip, {}}).digest == write(rootfs, {Codec::gzip, 6}).digest);
  CHECK(write(rootfs, {Codec::zstd, {}}).digest == write(rootfs, {Codec::zstd, 9}).digest);
  for (const Compression wrong : {Compression{Codec::gzip, 0}, Compression{Codec::gzip, 13},
                                  Compression{Codec::zstd, 0}, Compression{Codec::zstd, 20}}) {
    try {
      write(rootfs, wrong);
      FAIL("not refused");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
    }
  }
}

TEST_CASE("layer: the compressor's identity names all that its bytes depend on") {
  const auto identity = [](Compression compression) {
    return make_compressor(compression)->identity();
  };
  CHECK(identity({Codec::gzip, {}}) == identity({Codec::gzip, 6}));
  const std::set<std::string> all{identity({Codec::gzip, 9}), identity({Codec::gzip, 6}),
                                  identity({Codec::zstd, 9}), identity({Codec::zstd, 6}),
                                  identity({Codec::none, {}})};
  CHECK(all.size() == 5);
}

TEST_CASE("layer: a failing source and a stop leave nothing") {
  class FailingSource final : public ContentSource {
   public:
    std::shared_ptr<const Bytes> load() const override {
      throw Error(ErrorKind::trust, "damaged package");
    }
  };
  Rootfs rootfs = big_rootfs();
  auto node = test::make_node(NodeType::file, 0644);
  node->content = {std::make_shared<FailingSource>(), 0, 10};
  rootfs.put("usr/bad", {node, Owner{350}});
  try {
    write(rootfs, {Codec::none, {}}, 4);
    FAIL("not reported");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::trust);
    CHECK(error.message() == "damaged package");
  }
  rootfs.remove("usr/bad");

  std::stop_source stop;
  stop.request_stop();
  try {
    write(rootfs, {Codec::none, {}}, 4, stop.get_token());
    FAIL("not stopped");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
  }
}
