#include "builder/layer/layer.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/layer/compressor.h"
#include "builder/layer/in_order.h"
#include "builder/layer/layer_parts.h"
#include "builder/layer/package_groups.h"
#include "builder/layer/segments.h"

namespace tarn::builder {
namespace {

/// The contents of one segment while its pieces are read: each source is loaded once, by whichever
/// thread needs it first, and let go with the last piece that needs it.
class SegmentContents {
 public:
  void expect(const std::vector<const ContentSource*>& sources) {
    for (const ContentSource* source : sources) ++slots_[source].uses;
  }

  std::shared_ptr<const Bytes> load(const ContentSource& source) {
    Slot& slot = slots_.at(&source);
    const std::lock_guard lock(slot.mutex);
    if (!slot.bytes) slot.bytes = source.load();
    return slot.bytes;
  }

  void release(const std::vector<const ContentSource*>& sources) {
    for (const ContentSource* source : sources) {
      Slot& slot = slots_.at(source);
      const std::lock_guard lock(slot.mutex);
      if (--slot.uses == 0) slot.bytes.reset();
    }
  }

 private:
  struct Slot {
    std::mutex mutex;
    std::shared_ptr<const Bytes> bytes;
    std::size_t uses = 0;
  };
  std::unordered_map<const ContentSource*, Slot> slots_;  ///< looked up, never walked
};

/// A run of tar that is compressed by itself.
struct Piece {
  std::size_t segment;
  std::uint64_t begin;  ///< in the segment
  std::uint64_t end;
};

std::vector<Piece> cut(const std::vector<Segment>& segments) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < segments.size(); ++i)
    for (std::uint64_t begin = 0; begin < segments[i].size; begin += piece_size)
      pieces.push_back({i, begin, std::min(begin + piece_size, segments[i].size)});
  return pieces;
}

struct MadePiece {
  Bytes tar;
  CompressedPiece compressed;
};

/// The blob as it grows, with its digests.
class BlobWriter {
 public:
  BlobWriter(const std::filesystem::path& folder, const PieceCompressor& compressor)
      : file_(folder / "layer"), compressor_(compressor) {
    write(compressor_.start());
  }

  void add(const MadePiece& piece) {
    tar_hasher_.update(piece.tar);
    crc_ = crc32_combine(crc_, piece.compressed.crc, piece.compressed.tar_size);
    tar_size_ += piece.compressed.tar_size;
    write(piece.compressed.bytes);
  }

  Layer finish() {
    write(compressor_.end(crc_, tar_size_));
    Layer layer;
    layer.digest = blob_hasher_.finish();
    layer.diff_id = tar_hasher_.finish();
    layer.size = size_;
    layer.tar_size = tar_size_;
    layer.media_type = compressor_.media_type();
    // The mapping keeps the file, which has no name or loses it now.
    layer.blob = MappedFile::open(fmt::format("/proc/self/fd/{}", file_.fd()));
    return layer;
  }

 private:
  void write(ByteView bytes) {
    file_.write(bytes);
    blob_hasher_.update(bytes);
    size_ += bytes.size();
  }

  AtomicFile file_;
  const PieceCompressor& compressor_;
  Sha256 blob_hasher_;
  Sha256 tar_hasher_;
  std::uint64_t size_ = 0;
  std::uint64_t tar_size_ = 0;
  std::uint32_t crc_ = 0;
};

void write_pieces(const std::vector<Segment>& segments, const PieceCompressor& compressor,
                  std::size_t threads, BlobWriter& blob, const std::stop_token& stop) {
  const std::vector<Piece> pieces = cut(segments);
  std::vector<SegmentContents> contents(segments.size());
  std::vector<std::uint64_t> sizes;
  for (const Piece& piece : pieces) {
    contents[piece.segment].expect(
        segment_sources(segments[piece.segment], piece.begin, piece.end));
    sizes.push_back(piece.end - piece.begin);
  }
  const auto make = [&](std::size_t i) {
    const Piece& piece = pieces[i];
    const Segment& segment = segments[piece.segment];
    SegmentContents& loaded = contents[piece.segment];
    MadePiece made;
    made.tar = read_segment(segment, piece.begin, piece.end,
                            [&](const ContentSource& source) { return loaded.load(source); });
    loaded.release(segment_sources(segment, piece.begin, piece.end));
    made.compressed = compressor.compress(made.tar);
    return made;
  };
  const std::size_t workers = std::max<std::size_t>(threads, 1);
  InOrder<MadePiece> run(sizes, (workers + 2) * piece_size, make,
                         [&](const MadePiece& piece) { blob.add(piece); });
  run.run(workers, stop);
}

Layer write_rootfs(const Rootfs& rootfs, const AccountNames& names, const SegmentTimes& times,
                   const LayerOptions& options, const std::filesystem::path& folder,
                   const std::stop_token& stop) {
  const auto compressor = make_compressor(options.compression);
  const auto segments = make_segments(rootfs, names, times);
  BlobWriter blob(folder, *compressor);
  write_pieces(segments, *compressor, options.threads, blob, stop);
  return blob.finish();
}

std::optional<std::int64_t> newest_file(const LayerOptions& options) {
  if (!options.clamp_times) return std::nullopt;
  return options.epoch;
}

}  // namespace

Layer write_layer(const Rootfs& rootfs, const LayerOptions& options,
                  const std::filesystem::path& folder, const std::stop_token& stop) {
  return with_context("writing the layer", [&] {
    return write_rootfs(rootfs, AccountNames(rootfs), {options.epoch, newest_file(options)},
                        options, folder, stop);
  });
}

Layer write_layer_above(const Rootfs& part, const Rootfs& whole, const LayerOptions& options,
                        const std::filesystem::path& folder, const std::stop_token& stop) {
  return with_context("writing the layer", [&] {
    return write_rootfs(part, AccountNames(whole), {options.epoch, newest_file(options)}, options,
                        folder, stop);
  });
}

std::vector<Layer> write_layers(const Rootfs& rootfs,
                                std::span<const apk::InstalledPackage> packages, std::size_t budget,
                                const LayerOptions& options, const std::filesystem::path& folder,
                                const std::stop_token& stop) {
  return with_context("writing the layers", [&] {
    const AccountNames names(rootfs);
    const auto groups = group_packages(packages, budget);
    std::vector<Layer> layers;
    for (const LayerPart& part : split_rootfs(rootfs, packages, groups, options.epoch))
      layers.push_back(write_rootfs(part.rootfs, names, {part.epoch, newest_file(options)}, options,
                                    folder, stop));
    return layers;
  });
}

}  // namespace tarn::builder
