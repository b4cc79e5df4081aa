#include "builder/scripts/sandbox_accounts.h"

#include <charconv>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace tarn::builder {
namespace {

constexpr const char* shadow_path = "etc/shadow";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Where the third field of a line of etc/shadow begins and ends; both npos without one.
std::pair<std::size_t, std::size_t> day_field(const std::string& line) {
  const auto first = line.find(':');
  const auto second = first == std::string::npos ? first : line.find(':', first + 1);
  if (second == std::string::npos) return {second, second};
  return {second + 1, std::min(line.find(':', second + 1), line.size())};
}

}  // namespace

AccountFiles::AccountFiles(const Rootfs& rootfs)
    : shadow_(rootfs.read_file(shadow_path).value_or("")) {
  for (const char* const path : {"etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-"}) {
    auto& backup = backups_[path];
    const Entry* const entry = rootfs.find(path);
    if (entry != nullptr) backup = {std::make_shared<Node>(*entry->node), entry->owner};
  }
}

void AccountFiles::settle(Rootfs& rootfs, std::int64_t first_day, std::int64_t last_day,
                          std::int64_t day) const {
  for (const auto& [path, backup] : backups_) {
    if (backup) {
      rootfs.put(path, *backup);
    } else {
      rootfs.remove(path);
    }
  }
  const std::string now = rootfs.read_file(shadow_path).value_or("");
  if (now == shadow_) return;
  const auto before = lines_of(shadow_);
  const std::set<std::string> known(before.begin(), before.end());
  std::string text;
  for (std::string line : lines_of(now)) {
    const auto [begin, end] = day_field(line);
    std::int64_t value = 0;
    if (!known.contains(line) && begin != std::string::npos &&
        std::from_chars(line.data() + begin, line.data() + end, value).ec == std::errc() &&
        value >= first_day && value <= last_day) {
      line.replace(begin, end - begin, std::to_string(day));
    }
    text += line + "\n";
  }
  if (!now.ends_with('\n') && !text.empty()) text.pop_back();
  if (Entry* const entry = rootfs.find(shadow_path, Rootfs::Follow::last); text != now) {
    entry->node->content = Content::of(text);
  }
}

}  // namespace tarn::builder
