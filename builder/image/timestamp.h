#pragma once

#include <cstdint>
#include <string>

namespace tarn::builder {

/// Seconds since 1970 as RFC 3339 in UTC: "2024-01-26T17:52:24Z". Independent of any time zone.
/// Throws Error (usage) for a year outside 0 to 9999, which RFC 3339 cannot write.
std::string format_timestamp(std::int64_t seconds);

}  // namespace tarn::builder
