#include "builder/terminal/format_size.h"

#include <array>

#include <fmt/core.h>

namespace tarn::builder {

std::string format_size(std::uint64_t octets) {
  if (octets < 1024) return fmt::format("{} B", octets);
  static constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(octets) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be shown as 1024.0 of the smaller unit.
  while (value >= 1023.95 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return value < 99.95 ? fmt::format("{:.1f} {}", value, units[unit])
                       : fmt::format("{:.0f} {}", value, units[unit]);
}

}  // namespace tarn::builder
