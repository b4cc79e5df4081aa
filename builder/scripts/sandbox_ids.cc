#include "builder/scripts/sandbox_ids.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"

namespace tarn::builder {
namespace {

constexpr std::uint32_t wanted_ids = 65536;
/// The last of the ids that are set aside for containers.
constexpr std::uint32_t container_range = 0x6fff0000;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string text_or_empty(const char* path) {
  try {
    return read_file(path, 4U << 20U);
  } catch (const Error&) {
    return {};
  }
}

std::string name_of(uid_t user) {
  std::vector<char> buffer(64U << 10U);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? found->pw_name : "";
}

/// Root inside is `self`, 1 and up are what the ranges hold.
std::vector<IdExtent> with_self(std::uint32_t self, const std::vector<IdExtent>& ranges) {
  std::vector<IdExtent> extents = {{0, self, 1}};
  std::uint32_t inside = 1;
  for (const IdExtent& range : ranges) {
    // Linux takes up to 340 extents, but only five where it is old.
    if (inside >= wanted_ids || extents.size() >= 5) break;
    const std::uint32_t count = std::min(range.count, wanted_ids - inside);
    extents.push_back({inside, range.outside, count});
    inside += count;
  }
  return extents;
}

std::string map_text(const std::vector<IdExtent>& extents) {
  std::string text;
  for (const IdExtent& extent : extents) {
    text += fmt::format("{} {} {}\n", extent.inside, extent.outside, extent.count);
  }
  return text;
}

void write_proc(pid_t process, const char* name, const std::string& text) {
  const std::string path = fmt::format("/proc/{}/{}", process, name);
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  // Maps are written with one call, or not at all.
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw system_error(fmt::format("writing {}", name), errno);
  }
}

void run_tool(const char* tool, pid_t process, const std::vector<IdExtent>& extents) {
  std::vector<std::string> arguments = {tool, std::to_string(process)};
  for (const IdExtent& extent : extents) {
    for (const auto value : {extent.inside, extent.outside, extent.count}) {
      arguments.push_back(std::to_string(value));
    }
  }
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int descriptor : {0, 1, 2}) {
    ::posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
  }
  pid_t pid = -1;
  const int problem = ::posix_spawnp(&pid, tool, &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) throw system_error(fmt::format("running {}", tool), problem);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) {
    throw Error(ErrorKind::failed, fmt::format("{} refuses this user's subordinate ids", tool));
  }
}

/// Whether this process' user is root of the machine, in whatever namespace: what belongs to no
/// namespace belongs to it.
bool is_root_of_machine() {
  constexpr uid_t nobody = 65534;  // who is shown for those that the namespace has no id for
  struct stat kernel {};
  if (::stat("/proc/sys", &kernel) != 0) return true;
  return kernel.st_uid == ::geteuid() && kernel.st_uid != nobody;
}

std::uint64_t count_ids(const std::vector<IdExtent>& extents) {
  std::uint64_t count = 0;
  for (const IdExtent& extent : extents) count += extent.count;
  return count;
}

}  // namespace

bool IdMap::is_whole() const {
  return count_ids(users) >= wanted_ids && count_ids(groups) >= wanted_ids;
}

std::vector<IdExtent> subordinate_ranges(std::string_view text, std::string_view name, uid_t user) {
  std::vector<IdExtent> ranges;
  for (const std::string_view line : split(text, "\n")) {
    const auto parts = split(line, ":");
    if (parts.size() != 3 || (parts[0] != name && number(parts[0]) != user)) continue;
    const auto first = number(parts[1]);
    const auto count = number(parts[2]);
    if (first && count && *first > 0 && *count > 0) ranges.push_back({0, *first, *count});
  }
  return ranges;
}

std::vector<IdExtent> range_to_give(std::string_view available) {
  std::vector<IdExtent> best;
  for (const std::string_view line : split(available, "\n")) {
    const auto parts = split(line, " ");
    if (parts.size() != 3) continue;
    const auto first = number(parts[0]);
    const auto count = number(parts[2]);
    if (!first || !count) continue;
    const std::uint64_t end = std::uint64_t{*first} + *count;
    if (*first <= container_range && std::uint64_t{container_range} + wanted_ids <= end) {
      return {{0, container_range, wanted_ids}};
    }
    const std::uint32_t begin = std::max(*first, 1U);
    if (begin >= end) continue;
    const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(end - begin, wanted_ids));
    if (best.empty() || size > best.front().count) best = {{0, begin, size}};
  }
  return best;
}

std::vector<IdMap> candidate_id_maps() {
  std::vector<IdMap> maps;
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  const std::string users = text_or_empty("/proc/self/uid_map");
  if (user == 0) {
    IdMap map{IdMap::Way::direct, range_to_give(users),
              range_to_give(text_or_empty("/proc/self/gid_map"))};
    if (!map.users.empty() && !map.groups.empty()) maps.push_back(std::move(map));
  } else {
    const std::string name = name_of(user);
    const auto sub_users = subordinate_ranges(text_or_empty("/etc/subuid"), name, user);
    const auto sub_groups = subordinate_ranges(text_or_empty("/etc/subgid"), name, user);
    if (!sub_users.empty() && !sub_groups.empty()) {
      maps.push_back({IdMap::Way::tools, with_self(user, sub_users), with_self(group, sub_groups)});
    }
  }
  // The machine's root must not be root inside: much of /proc would be its own, and no limit on
  // processes holds for it.
  if (!is_root_of_machine()) {
    maps.push_back({IdMap::Way::single, {{0, user, 1}}, {{0, group, 1}}});
  }
  return maps;
}

void apply_id_map(const IdMap& map, pid_t process) {
  switch (map.way) {
    case IdMap::Way::tools:
      run_tool("newuidmap", process, map.users);
      run_tool("newgidmap", process, map.groups);
      return;
    case IdMap::Way::single:
      write_proc(process, "setgroups", "deny");
      [[fallthrough]];
    case IdMap::Way::direct:
      write_proc(process, "uid_map", map_text(map.users));
      write_proc(process, "gid_map", map_text(map.groups));
  }
}

}  // namespace tarn::builder
