#include "builder/sink/rootfs_tar.h"

#include <algorithm>

#include "apk/support/parallel.h"
#include "builder/sink/compressed_sink.h"
#include "builder/sink/layer_stream.h"

namespace tarn::builder {
namespace {

constexpr std::size_t copy_size = 1U << 20U;

Codec codec_of(const Layer& layer) {
  if (layer.media_type.ends_with("gzip")) return Codec::gzip;
  if (layer.media_type.ends_with("zstd")) return Codec::zstd;
  return Codec::none;
}

void copy_blob(const Layer& layer, OctetSink& sink, const std::stop_token& stop) {
  for (ByteView rest = layer.blob.bytes(); !rest.empty();) {
    throw_if_stopped(stop);
    const auto part = rest.first(std::min(rest.size(), copy_size));
    sink.write(part);
    rest = rest.subspan(part.size());
  }
}

void copy_tar(const Layer& layer, OctetSink& sink, const std::stop_token& stop) {
  LayerStream stream(layer);
  Bytes buffer(copy_size);
  for (;;) {
    throw_if_stopped(stop);
    const std::size_t got = stream.read(buffer);
    if (got == 0) return;
    sink.write(ByteView(buffer).first(got));
  }
}

}  // namespace

bool is_layer_itself(std::span<const Layer> layers, const Compression& compression) {
  return layers.size() == 1 && codec_of(layers.front()) == compression.codec && !compression.level;
}

void write_tar(const LayerTree& tree, TarRoot root, OctetSink& sink) {
  Bytes buffer(copy_size);
  tree.visit([&](const LayerTree::Entry& entry, const LayerTree::Read& read) {
    TarHeader header = entry.header;
    if (header.path.empty()) {
      if (root == TarRoot::left_out) return;
      header.path = tar_root;
    }
    sink.write(as_bytes(tar_header(header)));
    while (const std::size_t got = read(buffer)) sink.write(ByteView(buffer).first(got));
    sink.write(as_bytes(std::string(tar_padding(header.size), '\0')));
  });
  sink.write(as_bytes(tar_end()));
}

void write_rootfs_tar(std::span<const Layer> layers, const Compression& compression,
                      std::int64_t created, std::size_t threads, OctetSink& sink,
                      const std::stop_token& stop) {
  if (is_layer_itself(layers, compression)) {
    copy_blob(layers.front(), sink, stop);
    return;
  }
  CompressedSink compressed(sink, compression, threads, stop);
  if (layers.size() == 1)
    copy_tar(layers.front(), compressed, stop);
  else
    write_tar(LayerTree(layers, created, stop), TarRoot::left_out, compressed);
  compressed.finish();
}

}  // namespace tarn::builder
