#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "apk/support/bytes.h"
#include "builder/layer/compressor.h"
#include "builder/layer/layer_cache.h"
#include "builder/layer/segments.h"

namespace tarn::builder {

/// Compresses segments into the cache on threads of its own, while the rootfs that they will be a
/// part of is still being made. Of one that turns out otherwise in the end nothing is used.
class SegmentsAhead {
 public:
  /// Both must outlive it.
  SegmentsAhead(const PieceCompressor& compressor, LayerCache& cache, std::size_t threads,
                const std::stop_token& stop);
  SegmentsAhead(const SegmentsAhead&) = delete;
  SegmentsAhead& operator=(const SegmentsAhead&) = delete;
  /// Gives up what is not compressed yet.
  ~SegmentsAhead();

  /// Takes a segment up, unless the cache has it. Its contents lie in `data`, which is kept until
  /// then. Returns when no more than 8 MiB of such data are kept.
  void add(Segment segment, std::shared_ptr<const Bytes> data);
  /// Waits until all are in the cache. Throws what went wrong with one of them, or Error
  /// (interrupted).
  void finish();

 private:
  struct Job;
  void work(const std::stop_token& stop);
  void compress(Job& job, std::size_t piece);

  const PieceCompressor& compressor_;
  LayerCache& cache_;
  std::stop_token stop_;

  std::mutex mutex_;  ///< of what follows
  std::condition_variable_any changed_;
  std::deque<std::shared_ptr<Job>> waiting_;  ///< with pieces that nobody has begun
  std::uint64_t kept_ = 0;                    ///< octets of data
  std::size_t unfinished_ = 0;                ///< segments
  std::exception_ptr failure_;

  std::vector<std::jthread> threads_;  ///< last: they use the rest
};

}  // namespace tarn::builder
