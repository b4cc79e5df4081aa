#include "apk/fetch/task_queue.h"

#include <algorithm>
#include <utility>

namespace tarn::apk {

TaskQueue::TaskQueue(std::size_t threads, std::size_t capacity)
    : capacity_(std::max<std::size_t>(capacity, 1)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i)
    threads_.emplace_back([this] { work(); });
}

TaskQueue::~TaskQueue() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
}

void TaskQueue::push(std::function<void()> task) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < capacity_; });
    waiting_.push_back(std::move(task));
    ++unfinished_;
  }
  changed_.notify_all();
}

void TaskQueue::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return unfinished_ == 0; });
}

void TaskQueue::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (closed_) return;
    auto task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    changed_.notify_all();
    task();
    task = nullptr;
    lock.lock();
    --unfinished_;
    changed_.notify_all();
  }
}

}  // namespace tarn::apk
