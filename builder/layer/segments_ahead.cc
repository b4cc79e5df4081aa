#include "builder/layer/segments_ahead.h"

#include <algorithm>
#include <utility>

#include "apk/support/error.h"
#include "apk/support/parallel.h"
#include "builder/layer/assembly.h"
#include "builder/layer/segment_compressor.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t kept_limit = 8U << 20U;

}  // namespace

struct SegmentsAhead::Job {
  struct FinishedPiece {
    Bytes tar;
    CompressedPiece compressed;
  };

  Segment segment;
  SegmentCompressor compressor;
  Sha256Digest key;
  std::shared_ptr<const Bytes> data;
  std::size_t pieces = 0;
  std::size_t begun = 0;  ///< guarded by SegmentsAhead::mutex_

  std::mutex mutex;  ///< of what follows
  NewSegment kept;
  std::map<std::size_t, FinishedPiece> ready;
  std::size_t written = 0;

  Job(Segment taken, const PieceCompressor& its_compressor, const Sha256Digest& its_key,
      std::shared_ptr<const Bytes> its_data, NewSegment file)
      : segment(std::move(taken)),
        compressor(segment, its_compressor),
        key(its_key),
        data(std::move(its_data)),
        pieces(piece_count(segment)),
        kept(std::move(file)) {}

  /// Writes what follows without a gap; true when that was the last.
  bool put(std::size_t n, FinishedPiece piece) {
    const std::lock_guard lock(mutex);
    ready.emplace(n, std::move(piece));
    for (auto next = ready.find(written); next != ready.end(); next = ready.find(written)) {
      kept.add(next->second.compressed.bytes, next->second.tar, next->second.compressed.crc);
      ready.erase(next);
      ++written;
    }
    return written == pieces;
  }
};

SegmentsAhead::SegmentsAhead(const PieceCompressor& compressor, LayerCache& cache,
                             std::size_t threads, const std::stop_token& stop)
    : compressor_(compressor), cache_(cache), stop_(stop) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i)
    threads_.emplace_back([this](const std::stop_token& own) { work(own); });
}

SegmentsAhead::~SegmentsAhead() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void SegmentsAhead::add(Segment segment, std::shared_ptr<const Bytes> data) {
  if (segment.records.empty()) return;
  const Sha256Digest key = segment_key(segment, compressor_.identity());
  if (cache_.find_segment(key, piece_count(segment))) return;
  auto job = std::make_shared<Job>(std::move(segment), compressor_, key, std::move(data),
                                   cache_.new_segment());
  std::unique_lock lock(mutex_);
  kept_ += job->data->size();
  ++unfinished_;
  waiting_.push_back(std::move(job));
  changed_.notify_all();
  changed_.wait(lock, stop_, [this] { return kept_ <= kept_limit || failure_; });
}

void SegmentsAhead::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop_, [this] { return unfinished_ == 0 || failure_; });
  if (failure_) std::rethrow_exception(failure_);
  throw_if_stopped(stop_);
}

void SegmentsAhead::work(const std::stop_token& stop) {
  for (;;) {
    std::shared_ptr<Job> job;
    std::size_t piece = 0;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [this] { return !waiting_.empty(); });
      if (stop.stop_requested() || failure_) return;
      job = waiting_.front();
      piece = job->begun++;
      if (job->begun == job->pieces) waiting_.pop_front();
    }
    try {
      compress(*job, piece);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      changed_.notify_all();
    }
  }
}

void SegmentsAhead::compress(Job& job, std::size_t piece) {
  const std::uint64_t begin = piece * piece_size;
  Job::FinishedPiece made;
  made.tar = read_segment(job.segment, begin, std::min(begin + piece_size, job.segment.size),
                          [](const ContentSource& source) { return source.load(); });
  {
    const Span span(cache_.progress(), "compress", label_of(job.segment), made.tar.size());
    made.compressed = job.compressor.compress(begin, made.tar);
  }
  if (!job.put(piece, std::move(made))) return;
  cache_.put_segment(job.key, std::move(job.kept));
  count_cache(cache_.progress(), "segment", CacheAnswer::miss);
  const std::lock_guard lock(mutex_);
  kept_ -= job.data->size();
  --unfinished_;
  job.data.reset();
  changed_.notify_all();
}

}  // namespace tarn::builder
