#include "builder/layer/assembly.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/core.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/read_at.h"
#include "builder/layer/in_order.h"
#include "builder/layer/segment_compressor.h"
#include "builder/layer/segment_contents.h"

namespace tarn::builder {
namespace {

/// A run of tar that is compressed by itself.
struct Piece {
  std::size_t segment;
  std::uint64_t begin;  ///< in the segment
  std::uint64_t end;
  std::size_t number;  ///< among the segment's
};

std::vector<Piece> cut(const std::vector<Segment>& segments) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < segments.size(); ++i)
    for (std::size_t n = 0; n < piece_count(segments[i]); ++n)
      pieces.push_back({i, n * piece_size, std::min((n + 1) * piece_size, segments[i].size), n});
  return pieces;
}

/// A piece as it goes into a layer.
struct MadePiece {
  std::size_t index = 0;
  std::optional<StoredPiece> stored;  ///< the cache has it; then there is nothing else here
  Bytes tar;
  CompressedPiece compressed;
};

/// One segment on its way into a layer.
struct Part {
  Sha256Digest key;         ///< of the segment
  Sha256Digest prefix_key;  ///< of all segments up to this one
  std::optional<StoredSegment> stored;
  std::atomic<bool> is_damaged = false;  ///< what the cache has of it
  SegmentContents contents;
  SegmentCompressor compressor;
  std::uint64_t begin = 0;  ///< in the blob

  Part(const Segment& segment, const PieceCompressor& its_compressor)
      : compressor(segment, its_compressor) {}
};

/// Octets of a file that was just written.
Bytes read_range(int file, std::uint64_t offset, std::uint64_t size) {
  Bytes octets(size);
  if (!read_at(file, offset, octets)) throw system_error("reading the layer again", EIO);
  return octets;
}

/// What is stored is read in steps that stay in the processor's cache.
constexpr std::size_t read_step = 256U << 10U;

class Assembly {
 public:
  Assembly(const std::vector<Segment>& segments, const PieceCompressor& compressor,
           LayerCache& cache, std::size_t threads)
      : segments_(segments),
        compressor_(compressor),
        cache_(cache),
        threads_(std::max<std::size_t>(threads, 1)),
        pieces_(cut(segments)) {
    for (const Segment& segment : segments) parts_.emplace_back(segment, compressor);
    Sha256Digest prefix = sha256(compressor.identity());
    for (std::size_t i = 0; i < segments.size(); ++i) {
      parts_[i].key = segment_key(segments[i], compressor.identity());
      Sha256 hasher;
      for (const Sha256Digest& digest : {prefix, parts_[i].key})
        hasher.update(std::as_bytes(std::span(digest.octets)));
      prefix = parts_[i].prefix_key = hasher.finish();
    }
  }

  Layer run(const std::stop_token& stop) {
    Progress& progress = cache_.progress();
    const Sha256Digest& whole = parts_.back().prefix_key;
    if (auto known = cache_.find_layer(whole, threads_)) {
      count_cache(progress, "layer", CacheAnswer::hit);
      return std::move(*known);
    }
    count_cache(progress, "layer", CacheAnswer::miss);
    find_prefix();
    find_segments();
    blob_.emplace(cache_.new_file());
    write_plain(compressor_.start());
    make_pieces(stop);
    Layer layer = finish();
    keep_segments();
    if (known_.size() > resumed_) cache_.put_prefixes(parts_.front().prefix_key, known_);
    cache_.put_layer(whole, std::move(*blob_), blob_crc_, layer);
    return layer;
  }

 private:
  /// Takes the hashes up where an earlier layer stops being the same.
  void find_prefix() {
    for (const LayerPrefix& prefix : cache_.prefixes(parts_.front().prefix_key)) {
      if (resumed_ == parts_.size() || prefix.key != parts_[resumed_].prefix_key) break;
      known_.push_back(prefix);
      ++resumed_;
    }
    if (resumed_ == 0) return;
    tar_hash_ = known_.back().tar;
    blob_hash_ = known_.back().blob;
    tar_crc_ = known_.back().tar_crc;
    resumed_blob_size_ = blob_hash_.size();
  }

  void find_segments() {
    std::size_t reused = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (!is_kept(segments_[i])) continue;
      parts_[i].stored = cache_.find_segment(parts_[i].key, piece_count(segments_[i]));
      reused += parts_[i].stored ? 1 : 0;
    }
    if (reused != 0) count_cache(cache_.progress(), "segment", CacheAnswer::hit, reused);
  }

  void make_pieces(const std::stop_token& stop) {
    std::vector<std::uint64_t> sizes;
    for (const Piece& piece : pieces_) {
      Part& part = parts_[piece.segment];
      // What is stored is read in small parts, by those who take it.
      sizes.push_back(part.stored ? 0 : piece.end - piece.begin);
      if (!part.stored) part.contents.expect(sources_of(piece));
    }
    InOrder<MadePiece> run(sizes, (threads_ + 2) * piece_size,
                           [this](std::size_t i) { return make(i); },
                           {[this](const MadePiece& made) { take_tar(made); },
                            [this](const MadePiece& made) { take_compressed(made); }});
    run.run(threads_, stop);
  }

  std::vector<const ContentSource*> sources_of(const Piece& piece) const {
    return segment_sources(segments_[piece.segment], piece.begin, piece.end);
  }

  MadePiece make(std::size_t i) {
    const Piece& piece = pieces_[i];
    Part& part = parts_[piece.segment];
    if (part.stored) return {i, part.stored->pieces()[piece.number], {}, {}};
    const Segment& segment = segments_[piece.segment];
    MadePiece made{i, {}, {}, {}};
    made.tar = read_segment(segment, piece.begin, piece.end, [&](const ContentSource& source) {
      return part.contents.load(source);
    });
    part.contents.release(sources_of(piece));
    const Span span(cache_.progress(), "compress", label_of(segment), made.tar.size());
    made.compressed = part.compressor.compress(piece.begin, made.tar);
    return made;
  }

  /// The tar of a piece that the cache has, whose tar there is damaged or missing.
  Bytes tar_again(const Piece& piece) {
    Part& part = parts_[piece.segment];
    part.is_damaged = true;
    const Span span(cache_.progress(), "inflate segment", label_of(segments_[piece.segment]),
                    piece.end - piece.begin);
    if (const auto compressed = part.stored->read(piece.number)) {
      auto tar = compressor_.decompress(*compressed, piece.end - piece.begin);
      if (tar && crc32(*tar) == part.stored->pieces()[piece.number].tar_crc) return std::move(*tar);
    }
    return read_segment(segments_[piece.segment], piece.begin, piece.end,
                        [](const ContentSource& source) { return source.load(); });
  }

  bool ends_segment(const Piece& piece) const { return piece.end == segments_[piece.segment].size; }

  void take_tar(const MadePiece& made) {
    const Piece& piece = pieces_[made.index];
    if (piece.segment < resumed_) return;
    if (made.stored)
      hash_stored_tar(piece);
    else
      tar_hash_.update(made.tar);
    if (ends_segment(piece)) tar_states_.push_back(tar_hash_);
  }

  void hash_stored_tar(const Piece& piece) {
    const ResumableSha256 before = tar_hash_;
    const bool is_sound = parts_[piece.segment].stored->visit_tar(
        piece.number, piece.begin, piece.end, tar_buffer_,
        [this](ByteView octets) { tar_hash_.update(octets); });
    if (is_sound) return;
    tar_hash_ = before;
    tar_hash_.update(tar_again(piece));
  }

  void take_compressed(const MadePiece& made) {
    const Piece& piece = pieces_[made.index];
    if (piece.number == 0) parts_[piece.segment].begin = blob_size_;
    if (made.stored) {
      stored_.push_back(*made.stored);
      copy_stored(piece, *made.stored);
    } else {
      const Bytes& octets = made.compressed.bytes;
      stored_.push_back({octets.size(), crc32(octets), made.compressed.crc});
      write(octets, stored_.back().crc);
    }
    if (piece.segment < resumed_) return;
    tar_crc_ = crc32_combine(tar_crc_, stored_.back().tar_crc, piece.end - piece.begin);
    if (ends_segment(piece)) blob_states_.emplace_back(blob_hash_, tar_crc_);
  }

  void copy_stored(const Piece& piece, const StoredPiece& stored) {
    const ResumableSha256 before = blob_hash_;
    const bool is_hashed = blob_size_ >= resumed_blob_size_;
    const bool is_sound =
        parts_[piece.segment].stored->visit(piece.number, blob_buffer_, [&](ByteView octets) {
          blob_->write(octets);
          if (is_hashed) blob_hash_.update(octets);
        });
    if (is_sound) {
      blob_crc_ = crc32_combine(blob_crc_, stored.crc, stored.size);
      blob_size_ += stored.size;
      return;
    }
    // The file goes on where the damaged octets began.
    parts_[piece.segment].is_damaged = true;
    blob_hash_ = before;
    if (::lseek(blob_->fd(), static_cast<off_t>(blob_size_), SEEK_SET) < 0)
      throw system_error("writing the layer", errno);
    const CompressedPiece again =
        parts_[piece.segment].compressor.compress(piece.begin, tar_again(piece));
    write(again.bytes, crc32(again.bytes));
  }

  /// What a known prefix has is not hashed again.
  void write(ByteView octets, std::uint32_t crc) {
    blob_->write(octets);
    blob_crc_ = crc32_combine(blob_crc_, crc, octets.size());
    if (blob_size_ >= resumed_blob_size_) blob_hash_.update(octets);
    blob_size_ += octets.size();
  }

  void write_plain(ByteView octets) { write(octets, crc32(octets)); }

  Layer finish() {
    for (std::size_t i = 0; i < tar_states_.size(); ++i)
      known_.push_back({parts_[resumed_ + i].prefix_key, tar_states_[i], blob_states_[i].first,
                        blob_states_[i].second});
    write_plain(compressor_.end(tar_crc_, tar_hash_.size()));
    Layer layer;
    layer.digest = blob_hash_.digest();
    layer.diff_id = tar_hash_.digest();
    layer.size = blob_size_;
    layer.tar_size = tar_hash_.size();
    layer.media_type = compressor_.media_type();
    return layer;
  }

  /// Keeps what was made: its octets are read from the layer.
  void keep_segments() {
    std::size_t made = 0;
    for (std::size_t p = 0; p < pieces_.size();) {
      const std::size_t segment = pieces_[p].segment;
      const std::size_t count = piece_count(segments_[segment]);
      const Part& part = parts_[segment];
      if (is_kept(segments_[segment]) && (!part.stored || part.is_damaged)) {
        ++made;
        NewSegment kept = cache_.new_segment();
        std::uint64_t at = part.begin;
        for (std::size_t n = p; n < p + count; ++n) {
          const Bytes compressed = read_range(blob_->fd(), at, stored_[n].size);
          const auto tar = compressor_.decompress(compressed, pieces_[n].end - pieces_[n].begin);
          kept.add(compressed, tar.value(), stored_[n].tar_crc);
          at += stored_[n].size;
        }
        cache_.put_segment(part.key, std::move(kept));
      }
      p += count;
    }
    if (made != 0) count_cache(cache_.progress(), "segment", CacheAnswer::miss, made);
  }

  const std::vector<Segment>& segments_;
  const PieceCompressor& compressor_;
  LayerCache& cache_;
  std::size_t threads_;
  std::vector<Piece> pieces_;
  std::deque<Part> parts_;  // they stay where they are

  std::size_t resumed_ = 0;  ///< segments whose hashes are known
  std::uint64_t resumed_blob_size_ = 0;
  std::vector<LayerPrefix> known_;

  // One taker's:
  Bytes tar_buffer_ = Bytes(read_step);
  ResumableSha256 tar_hash_;
  std::vector<ResumableSha256> tar_states_;
  // The other's:
  Bytes blob_buffer_ = Bytes(read_step);
  std::optional<AtomicFile> blob_;
  ResumableSha256 blob_hash_;
  std::uint64_t blob_size_ = 0;
  std::uint32_t blob_crc_ = 0;
  std::uint32_t tar_crc_ = 0;
  std::vector<std::pair<ResumableSha256, std::uint32_t>> blob_states_;
  std::vector<StoredPiece> stored_;
};

}  // namespace

bool is_kept(const Segment& segment) {
  return segment.kind == SegmentKind::package;
}

std::size_t piece_count(const Segment& segment) {
  return static_cast<std::size_t>((segment.size + piece_size - 1) / piece_size);
}

std::string label_of(const Segment& segment) {
  switch (segment.kind) {
    case SegmentKind::directories:
      return "directories";
    case SegmentKind::package:
      return fmt::format("package {}", segment.owner.value);
    case SegmentKind::generated:
      return "generated files";
    case SegmentKind::end:
      return "end";
  }
  return {};
}

Layer assemble_layer(const std::vector<Segment>& segments, const PieceCompressor& compressor,
                     LayerCache& cache, std::size_t threads, const std::stop_token& stop) {
  return Assembly(segments, compressor, cache, threads).run(stop);
}

}  // namespace tarn::builder
