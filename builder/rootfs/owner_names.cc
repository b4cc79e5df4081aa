#include "builder/rootfs/owner_names.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

/// No real passwd or group comes near; what is larger is meant to do harm.
constexpr std::uint64_t size_limit = 64U << 20U;

/// The third field of a line of passwd or group, whose fields end at ':'.
std::optional<std::uint32_t> third_field(std::string_view line) {
  for (int i = 0; i < 2; ++i) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return std::nullopt;
    line.remove_prefix(colon + 1);
  }
  const std::string_view field = line.substr(0, line.find(':'));
  std::uint32_t number = 0;
  const char* const last = field.data() + field.size();
  const auto [end, error] = std::from_chars(field.data(), last, number);
  if (error != std::errc() || end != last) return std::nullopt;
  return number;
}

std::map<std::string, std::uint32_t, std::less<>> read_numbers(std::string_view text) {
  std::map<std::string, std::uint32_t, std::less<>> numbers;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view name = line.substr(0, line.find(':'));
    if (name.empty()) continue;
    if (const auto number = third_field(line)) numbers.emplace(name, *number);
  }
  return numbers;
}

std::uint32_t number_of(const std::map<std::string, std::uint32_t, std::less<>>& numbers,
                        std::string_view name, std::uint32_t otherwise) {
  if (name == "root") return 0;
  const auto found = numbers.find(name);
  return found == numbers.end() ? otherwise : found->second;
}

}  // namespace

void OwnerNames::refresh(const Rootfs& rootfs) {
  refresh_file(rootfs, "etc/passwd", users_);
  refresh_file(rootfs, "etc/group", groups_);
}

void OwnerNames::refresh_file(const Rootfs& rootfs, std::string_view path, File& file) {
  const Entry* entry = rootfs.find(path, Rootfs::Follow::last);
  Content content;
  if (entry != nullptr && entry->node->type == NodeType::file) content = entry->node->content;
  // The sources kept here cannot be freed, so another content has another source or place in it.
  if (content.source == file.content.source && content.offset == file.content.offset &&
      content.size == file.content.size) {
    return;
  }
  if (content.size > size_limit) {
    throw Error(ErrorKind::failed,
                fmt::format("'/{}' holds more than {} octets", path, size_limit));
  }
  file.numbers = read_numbers(content.read());
  file.content = std::move(content);
}

std::uint32_t OwnerNames::uid(std::string_view name, std::uint32_t otherwise) const {
  return number_of(users_.numbers, name, otherwise);
}

std::uint32_t OwnerNames::gid(std::string_view name, std::uint32_t otherwise) const {
  return number_of(groups_.numbers, name, otherwise);
}

}  // namespace tarn::builder
