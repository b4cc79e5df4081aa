#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

#include "apk/support/parallel.h"

namespace tarn::builder {

/// Makes a result for every index below sizes.size() on several threads, and shows the results one
/// after the other in order of index to each of several takers, which run side by side. What is
/// being made or waits to be taken is bounded: together no more than `budget` of what `sizes`
/// counts, or else a single one. An exception of make or of a taker ends the run as that of
/// parallel_for's work does.
template <typename Result>
class InOrder {
 public:
  using Make = std::function<Result(std::size_t)>;
  using Take = std::function<void(const Result&)>;

  InOrder(const std::vector<std::uint64_t>& sizes, std::uint64_t budget, Make make,
          std::vector<Take> takers)
      : budget_(budget), make_(std::move(make)) {
    ends_.reserve(sizes.size() + 1);
    ends_.push_back(0);
    for (const std::uint64_t size : sizes) ends_.push_back(ends_.back() + size);
    for (Take& take : takers) lanes_.push_back({std::move(take), {}, 0, false});
  }

  /// Call once.
  void run(std::size_t threads, const std::stop_token& stop) {
    parallel_for(
        ends_.size() - 1, threads,
        [&](std::size_t i) {
          try {
            if (!wait_for_room(i, stop)) return;
            put(i, std::make_shared<const Result>(make_(i)));
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
  struct Lane {
    Take take;
    std::map<std::size_t, std::shared_ptr<const Result>> ready;
    std::size_t next = 0;
    bool taking = false;
  };

  /// The lowest index that some lane has not taken yet always has room, and parallel_for starts in
  /// ascending order: so somebody always gets on.
  bool wait_for_room(std::size_t i, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const bool woken = room_.wait(lock, stop, [&] {
      const std::size_t next = lowest_next();
      return failed_ || i == next || ends_[i + 1] - ends_[next] <= budget_;
    });
    return woken && !failed_;
  }

  std::size_t lowest_next() const {
    return std::ranges::min_element(lanes_, {}, &Lane::next)->next;
  }

  void put(std::size_t i, const std::shared_ptr<const Result>& result) {
    std::unique_lock lock(mutex_);
    for (Lane& lane : lanes_) lane.ready.emplace(i, result);
    for (Lane& lane : lanes_) serve(lane, lock);
  }

  /// Whoever finds a lane idle takes for it all results that follow without a gap.
  void serve(Lane& lane, std::unique_lock<std::mutex>& lock) {
    if (lane.taking) return;
    lane.taking = true;
    while (!failed_) {
      const auto found = lane.ready.find(lane.next);
      if (found == lane.ready.end()) break;
      std::shared_ptr<const Result> taken = std::move(found->second);
      lane.ready.erase(found);
      lock.unlock();
      lane.take(*taken);
      taken.reset();
      lock.lock();
      ++lane.next;
      room_.notify_all();
    }
    lane.taking = false;
  }

  std::uint64_t budget_;
  Make make_;
  std::vector<std::uint64_t>
      ends_;  ///< where each size ends in the sum of all; one more than sizes

  std::mutex mutex_;
  std::condition_variable_any room_;
  std::vector<Lane> lanes_;
  bool failed_ = false;
};

}  // namespace tarn::builder
