#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "apk/fetch/store.h"
#include "apk/support/bytes.h"
#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "apk/support/progress.h"
#include "apk/support/resumable_sha256.h"
#include "builder/layer/layer.h"

namespace tarn::builder {

/// A piece of a segment as the cache has it.
struct StoredPiece {
  std::uint64_t size = 0;     ///< octets, compressed
  std::uint32_t crc = 0;      ///< CRC-32 of these
  std::uint32_t tar_crc = 0;  ///< CRC-32 of the tar

  bool operator==(const StoredPiece&) const = default;
};

/// A segment in the cache: its compressed pieces one after the other in a file, and its tar in
/// another.
class StoredSegment {
 public:
  /// `tar` may be no file.
  StoredSegment(FileDescriptor file, std::vector<StoredPiece> pieces, FileDescriptor tar);
  const std::vector<StoredPiece>& pieces() const { return pieces_; }
  /// The compressed octets of the n-th piece; nothing when they are damaged. Thread-safe.
  std::optional<Bytes> read(std::size_t n) const;
  /// Shows them in parts, in order, as large as the buffer; false when they are damaged, which is
  /// found out at the end. Thread-safe.
  using Visit = std::function<void(ByteView)>;
  bool visit(std::size_t n, std::span<std::byte> buffer, const Visit& look) const;
  /// The same for the n-th piece's tar, which lies from `begin` up to `end` of the segment.
  bool visit_tar(std::size_t n, std::uint64_t begin, std::uint64_t end, std::span<std::byte> buffer,
                 const Visit& look) const;

 private:
  FileDescriptor file_;
  FileDescriptor tar_;
  std::vector<StoredPiece> pieces_;
  std::vector<std::uint64_t> offsets_;
};

/// A segment on its way into the cache.
class NewSegment {
 public:
  NewSegment(AtomicFile file, AtomicFile tar) : file_(std::move(file)), tar_(std::move(tar)) {}
  /// The next piece, and its tar with the CRC-32 of that.
  void add(ByteView compressed, ByteView tar, std::uint32_t tar_crc);

 private:
  friend class LayerCache;
  AtomicFile file_;
  Sha256 hasher_;
  std::uint64_t size_ = 0;
  std::vector<StoredPiece> pieces_;
  AtomicFile tar_;
  Sha256 tar_hasher_;
  std::uint64_t tar_size_ = 0;
};

/// The hashes of a layer as they are behind one of its segments.
struct LayerPrefix {
  Sha256Digest key;  ///< of all segments up to there
  ResumableSha256 tar;
  ResumableSha256 blob;
  std::uint32_t tar_crc = 0;
};

/// What is remembered of layers in the store, so that no octet is compressed or inflated twice and
/// none hashed without need: segments by their key, compressed and as tar (which every new layer
/// has to be hashed from: inflating it again takes several times as long as hashing it), whole
/// layers by those of all their segments, and the states of the hashes behind each segment of a
/// layer. Everything is checked when it is read, and absent when it is damaged.
class LayerCache {
 public:
  /// Both must outlive the cache.
  LayerCache(apk::Store& store, Progress& progress) : store_(store), progress_(progress) {}

  Progress& progress() const { return progress_; }

  /// A segment of that many pieces.
  std::optional<StoredSegment> find_segment(const Sha256Digest& key, std::size_t pieces) const;
  NewSegment new_segment() const { return {store_.new_blob(), store_.new_blob()}; }
  void put_segment(const Sha256Digest& key, NewSegment segment);

  /// A layer, its octets checked on `threads` threads.
  std::optional<Layer> find_layer(const Sha256Digest& key, std::size_t threads) const;
  /// A file for a layer that is being written.
  AtomicFile new_file() const { return store_.new_blob(); }
  /// Keeps a layer whose blob is `file`; gives it its blob there.
  void put_layer(const Sha256Digest& key, AtomicFile file, std::uint32_t crc, Layer& layer);

  /// What is known of the last layer that began with the segment of this key, in ascending order.
  std::vector<LayerPrefix> prefixes(const Sha256Digest& first) const;
  void put_prefixes(const Sha256Digest& first, std::span<const LayerPrefix> prefixes);

 private:
  apk::Store& store_;
  Progress& progress_;
};

}  // namespace tarn::builder
