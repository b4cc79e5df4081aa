#include "apk/support/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "apk/support/error.h"

namespace tarn {

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "interrupted");
}

void parallel_for(std::size_t count, std::size_t threads,
                  const std::function<void(std::size_t)>& work, const std::stop_token& stop) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  std::mutex mutex;
  std::exception_ptr failure;
  std::size_t failure_index = count;

  const auto run = [&] {
    while (!failed && !stop.stop_requested()) {
      const std::size_t i = next++;
      if (i >= count) return;
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failed = true;
        if (i < failure_index) {
          failure_index = i;
          failure = std::current_exception();
        }
      }
    }
  };

  {
    std::vector<std::jthread> helpers;
    const std::size_t wanted = std::min(std::max<std::size_t>(threads, 1), count);
    for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back(run);
    run();
  }
  if (failure) std::rethrow_exception(failure);
  throw_if_stopped(stop);
}

}  // namespace tarn
