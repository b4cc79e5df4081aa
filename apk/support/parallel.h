#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>

namespace tarn {

/// Throws Error (interrupted) when a stop was asked for.
void throw_if_stopped(const std::stop_token& stop);

/// Calls `work(i)` once for each i below `count`, on up to `threads` threads (at least one; the
/// caller's is one of them), in ascending order of start. Stops starting new ones after a failure
/// or when `stop` is asked for; then the failure of the lowest i is thrown (so which error is
/// reported does not depend on timing more than it must), or Error (interrupted).
void parallel_for(std::size_t count, std::size_t threads,
                  const std::function<void(std::size_t)>& work, const std::stop_token& stop = {});

}  // namespace tarn
