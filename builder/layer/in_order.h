#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

#include "apk/support/parallel.h"

namespace tarn::builder {

/// Makes a result for every index below sizes.size() on several threads, and takes the results one
/// after the other in order of index. What is being made or waits to be taken is bounded: together
/// no more than `budget` of what `sizes` counts, or else a single one. An exception of make or take
/// ends the run as that of parallel_for's work does.
template <typename Result>
class InOrder {
 public:
  using Make = std::function<Result(std::size_t)>;
  using Take = std::function<void(Result)>;

  InOrder(const std::vector<std::uint64_t>& sizes, std::uint64_t budget, Make make, Take take)
      : budget_(budget), make_(std::move(make)), take_(std::move(take)) {
    ends_.reserve(sizes.size() + 1);
    ends_.push_back(0);
    for (const std::uint64_t size : sizes) ends_.push_back(ends_.back() + size);
  }

  /// Call once.
  void run(std::size_t threads, const std::stop_token& stop) {
    parallel_for(
        ends_.size() - 1, threads,
        [&](std::size_t i) {
          try {
            if (!wait_for_room(i, stop)) return;
            Result result = make_(i);
            put(i, std::move(result));
          } catch (...) {
            const std::lock_guard lock(mutex_);
            failed_ = true;
            room_.notify_all();
            throw;
          }
        },
        stop);
  }

 private:
  /// The lowest index not yet taken always has room, and parallel_for starts in ascending order:
  /// so somebody always gets on.
  bool wait_for_room(std::size_t i, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const bool woken = room_.wait(lock, stop, [&] {
      return failed_ || i == next_ || ends_[i + 1] - ends_[next_] <= budget_;
    });
    return woken && !failed_;
  }

  /// Whoever brings the next result takes all that follow it without a gap.
  void put(std::size_t i, Result result) {
    std::unique_lock lock(mutex_);
    ready_.emplace(i, std::move(result));
    if (taking_) return;
    taking_ = true;
    while (!failed_) {
      const auto found = ready_.find(next_);
      if (found == ready_.end()) break;
      Result taken = std::move(found->second);
      ready_.erase(found);
      lock.unlock();
      take_(std::move(taken));
      lock.lock();
      ++next_;
      room_.notify_all();
    }
    taking_ = false;
  }

  std::uint64_t budget_;
  Make make_;
  Take take_;
  std::vector<std::uint64_t>
      ends_;  ///< where each size ends in the sum of all; one more than sizes

  std::mutex mutex_;
  std::condition_variable_any room_;
  std::map<std::size_t, Result> ready_;
  std::size_t next_ = 0;
  bool taking_ = false;
  bool failed_ = false;
};

}  // namespace tarn::builder
