#include "builder/image/timestamp.h"

#include <chrono>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::builder {

std::string format_timestamp(std::int64_t seconds) {
  // The first second of year 0, the last of year 9999.
  if (seconds < -62167219200 || seconds > 253402300799)
    throw Error(ErrorKind::usage,
                fmt::format("the time {} lies outside the years 0 to 9999", seconds));
  using namespace std::chrono;
  const sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace tarn::builder
