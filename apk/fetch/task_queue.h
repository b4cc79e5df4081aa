#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tarn::apk {

/// Work for a few threads, handed over piece by piece. Tasks must not throw.
class TaskQueue {
 public:
  /// At most `capacity` tasks wait; then push() blocks.
  TaskQueue(std::size_t threads, std::size_t capacity);
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;
  /// Drops the tasks that were not begun; waits for the others.
  ~TaskQueue();

  void push(std::function<void()> task);
  /// Waits until every task has ended.
  void wait();

 private:
  void work();

  std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t unfinished_ = 0;  ///< waiting or being worked on
  bool closed_ = false;
  std::vector<std::jthread> threads_;  ///< last: they use the rest
};

}  // namespace tarn::apk
