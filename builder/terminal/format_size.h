#pragma once

#include <cstdint>
#include <string>

namespace tarn::builder {

/// A number of octets to read: "512 B", "1.2 KiB", "340 MiB" (three significant digits at most).
std::string format_size(std::uint64_t octets);

}  // namespace tarn::builder
