#include "builder/rootfs/os_release.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace tarn::builder {
namespace {

constexpr std::string_view etc_path = "etc/os-release";
constexpr std::string_view usr_path = "usr/lib/os-release";

/// The part of a path that follows the part "alpine".
std::optional<std::string> alpine_branch(std::string_view path) {
  static constexpr std::string_view mark = "/alpine/";
  const auto found = path.find(mark);
  if (found == std::string_view::npos) return std::nullopt;
  path.remove_prefix(found + mark.size());
  const auto branch = path.substr(0, path.find('/'));
  if (branch == "edge") return std::string(branch);
  const bool is_release = branch.size() > 1 && branch.front() == 'v' &&
                          std::all_of(branch.begin() + 1, branch.end(),
                                      [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return is_release ? std::optional(std::string(branch)) : std::nullopt;
}

bool is_brought(const Rootfs& rootfs, std::string_view path) {
  const Entry* const entry = rootfs.find(path);
  return entry != nullptr && entry->owner.value != Owner::skeleton;
}

/// A value in double quotes, as a shell reads them.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') result += '\\';
    result += c;
  }
  return result + "\"";
}

}  // namespace

OsRelease os_release_of(const std::vector<apk::Repository>& repositories) {
  for (const auto& repository : repositories) {
    const auto branch = alpine_branch(repository.url.path());
    if (!branch) continue;
    const std::string version = *branch == "edge" ? "" : branch->substr(1);
    return {"Alpine Linux", "alpine", version, "Alpine Linux " + *branch};
  }
  return {"Linux", "linux", "", "Linux"};
}

bool write_os_release_fallback(Rootfs& rootfs, const OsRelease& release) {
  if (is_brought(rootfs, etc_path) || is_brought(rootfs, usr_path)) return false;
  std::string text;
  const auto add = [&text](std::string_view key, std::string_view value) {
    if (!value.empty()) text.append(key).append("=").append(value).append("\n");
  };
  add("NAME", release.name.empty() ? "" : quoted(release.name));
  add("ID", release.id);
  add("VERSION_ID", release.version_id);
  add("PRETTY_NAME", release.pretty_name.empty() ? "" : quoted(release.pretty_name));
  rootfs.write_file(etc_path, std::move(text), Owner{}, 0644);
  return true;
}

}  // namespace tarn::builder
