#include "builder/sink/rootfs_tar.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "apk/support/gzip.h"
#include "builder/sink/compressed_sink.h"
#include "unit/layer/archive_reader.h"
#include "unit/sink/sample_layers.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

std::vector<Layer> sample_layers(Codec codec) {
  test::ScratchCache scratch;
  LayerOptions options;
  options.compression.codec = codec;
  return {write_layer(test::sample_rootfs(), options, scratch.cache, {})};
}

std::string rootfs_tar(const std::vector<Layer>& layers, const Compression& compression) {
  test::StringSink sink;
  write_rootfs_tar(layers, compression, 0, 2, sink, {});
  return sink.text;
}

std::string compressed(const std::string& text, const Compression& compression, std::size_t threads,
                       std::size_t step) {
  test::StringSink sink;
  CompressedSink compressor(sink, compression, threads, {});
  for (std::size_t at = 0; at < text.size(); at += step)
    compressor.write(as_bytes(std::string_view(text).substr(at, step)));
  compressor.finish();
  return sink.text;
}

}  // namespace

TEST_CASE("rootfs tar: is the layer's tar, and its blob where the compression is the same") {
  for (const Codec of_layer : {Codec::gzip, Codec::zstd, Codec::none}) {
    const auto layers = sample_layers(of_layer);
    CHECK(sha256(rootfs_tar(layers, {Codec::none, {}})) == layers.front().diff_id);
    for (const Codec wanted : {Codec::gzip, Codec::zstd, Codec::none}) {
      const std::string written = rootfs_tar(layers, {wanted, {}});
      CHECK(is_layer_itself(layers, {wanted, {}}) == (of_layer == wanted));
      if (of_layer == wanted) CHECK(sha256(written) == layers.front().digest);
      CHECK(test::read_archive(as_bytes(written)).size() ==
            test::read_archive(layers.front().blob.bytes()).size());
    }
    CHECK_FALSE(is_layer_itself(layers, {of_layer, 1}));
  }
}

TEST_CASE("rootfs tar: several layers become one tar of their tree") {
  using test::record;
  const std::vector<Layer> layers = {
      test::layer_of({{record("a/", TarType::directory), ""}, {record("a/x", TarType::file), "1"}}),
      test::layer_of(
          {{record("a/", TarType::directory), ""}, {record("a/x", TarType::file), "2"}})};
  const auto entries = test::read_archive(as_bytes(rootfs_tar(layers, {Codec::gzip, {}})));
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].path == "a/");
  CHECK(entries[1].content == "2");
}

TEST_CASE("compressed sink: the octets depend on neither threads nor the cut of the writes") {
  std::string text;
  for (unsigned i = 0; text.size() < (18U << 20U); ++i) text += std::to_string(i * 2654435761U);
  for (const Compression& compression :
       {Compression{Codec::gzip, 1}, Compression{Codec::zstd, 1}}) {
    const std::string first = compressed(text, compression, 1, text.size());
    CHECK(first.size() < text.size());
    CHECK(compressed(text, compression, 3, 100'003) == first);
    if (compression.codec == Codec::gzip)
      CHECK(as_text(inflate_whole_gzip(as_bytes(first), text.size())) == text);
  }
  CHECK(compressed("plain", {Codec::none, {}}, 1, 2) == "plain");
  CHECK(inflate_whole_gzip(as_bytes(compressed("", {Codec::gzip, {}}, 1, 1)), 10).empty());
  CHECK_THROWS_AS(compressed("", {Codec::zstd, 20}, 1, 1), Error);
}
