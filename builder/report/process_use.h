#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace tarn::builder {

/// What this process took of the machine until now, as the kernel counts it.
struct ProcessUse {
  std::chrono::microseconds user{};  ///< processor time, of all threads
  std::chrono::microseconds system{};
  std::chrono::microseconds programs{};  ///< of programs that it started and that have ended
  std::uint64_t peak_memory = 0;         ///< octets of memory held at most
  std::optional<std::uint64_t> read{};   ///< octets of read calls, from caches of the kernel or not
  std::optional<std::uint64_t> written{};  ///< octets of write calls
};

/// Where /proc does not tell, peak memory is getrusage's and the others are not there.
ProcessUse process_use();

}  // namespace tarn::builder
