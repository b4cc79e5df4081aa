#include "apk/package/entry_path.h"

#include <algorithm>

#include <fmt/core.h>

namespace tarn::apk {

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

std::string entry_path_fault(std::string_view path) {
  if (has_control_characters(path)) return "the path holds control characters";
  if (path.empty()) return "an empty path";
  if (path.front() == '/') return "the path is absolute";
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto part = path.substr(begin, end - begin);
    if (part.empty()) return "the path has an empty part";
    if (part == "." || part == "..") return fmt::format("the path has the part '{}'", part);
    begin = end + 1;
  }
  return {};
}

}  // namespace tarn::apk
