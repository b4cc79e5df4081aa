#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "apk/support/bytes.h"

namespace tarn::builder {

/// Keeps the data of the packages that were read last: scripts read programs, and would inflate
/// whole packages for them again and again. Small images fit in; large packages are not kept. May
/// be used by several threads.
class RecentData {
 public:
  void keep(std::shared_ptr<const Bytes> data) {
    if (data == nullptr || data->size() > limit) return;
    const std::lock_guard lock(mutex_);
    size_ += data->size();
    kept_.push_back(std::move(data));
    while (size_ > limit) {
      size_ -= kept_.front()->size();
      kept_.pop_front();
    }
  }

 private:
  static constexpr std::size_t limit = 8U << 20U;

  std::mutex mutex_;
  std::deque<std::shared_ptr<const Bytes>> kept_;
  std::size_t size_ = 0;
};

}  // namespace tarn::builder
