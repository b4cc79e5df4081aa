#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tarn {

/// Fills `out` with a file's octets from `offset` on; false when the file ends before, or cannot be
/// read. Threads may read one file at once.
bool read_at(int file, std::uint64_t offset, std::span<std::byte> out);

}  // namespace tarn
