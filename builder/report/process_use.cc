#include "builder/report/process_use.h"

#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/resource.h>
#include <sys/time.h>

namespace tarn::builder {
namespace {

/// The number of the line that begins with `name` in a file of "NAME: NUMBER…" lines.
std::optional<std::uint64_t> number_in(const char* path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    const auto first = line.find_first_of("0123456789", name.size());
    if (first == std::string::npos) return std::nullopt;
    std::uint64_t number = 0;
    std::from_chars(line.data() + first, line.data() + line.size(), number);
    return number;
  }
  return std::nullopt;
}

std::chrono::microseconds microseconds(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

ProcessUse process_use() {
  rusage own{};
  rusage children{};
  ::getrusage(RUSAGE_SELF, &own);
  ::getrusage(RUSAGE_CHILDREN, &children);
  ProcessUse use{.user = microseconds(own.ru_utime),
                 .system = microseconds(own.ru_stime),
                 .programs = microseconds(children.ru_utime) + microseconds(children.ru_stime)};
  // ru_maxrss begins with what the program had that started this one.
  const auto peak = number_in("/proc/self/status", "VmHWM:");
  use.peak_memory = peak.value_or(static_cast<std::uint64_t>(own.ru_maxrss)) * 1024;
  use.read = number_in("/proc/self/io", "rchar:");
  use.written = number_in("/proc/self/io", "wchar:");
  return use;
}

}  // namespace tarn::builder
