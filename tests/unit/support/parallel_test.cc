#include "apk/support/parallel.h"

#include <atomic>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "apk/support/error.h"

namespace tarn {

TEST_CASE("parallel_for: each index once, whatever the number of threads") {
  for (const std::size_t threads : {0U, 1U, 2U, 8U})
    for (const std::size_t count : {0U, 1U, 3U, 1000U}) {
      std::vector<std::atomic<int>> calls(count);
      parallel_for(count, threads, [&](std::size_t i) { ++calls[i]; });
      for (const auto& number : calls) CHECK(number == 1);
    }
}

TEST_CASE("parallel_for: one thread goes in order") {
  std::vector<std::size_t> order;
  parallel_for(5, 1, [&](std::size_t i) { order.push_back(i); });
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4});
}

TEST_CASE("parallel_for: a failure comes out, and nothing new is started after it") {
  for (const std::size_t threads : {1U, 4U}) {
    std::atomic<std::size_t> calls = 0;
    try {
      parallel_for(100000, threads, [&](std::size_t i) {
        ++calls;
        if (i >= 3) throw Error(ErrorKind::failed, "at " + std::to_string(i));
      });
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.message() == "at 3");
    }
    CHECK(calls < 1000);
  }
}

TEST_CASE("parallel_for: a stop is obeyed and told") {
  std::stop_source stop;
  std::atomic<int> calls = 0;
  try {
    parallel_for(
        100000, 2,
        [&](std::size_t) {
          ++calls;
          stop.request_stop();
        },
        stop.get_token());
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::interrupted);
  }
  CHECK(calls <= 2);
  CHECK_THROWS_AS(throw_if_stopped(stop.get_token()), Error);
  throw_if_stopped({});
}

}  // namespace tarn
