#include "builder/scripts/sandbox_survey.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "builder/scripts/sandbox_process.h"

namespace tarn::builder {
namespace {

constexpr std::size_t longest_path = 4095;
constexpr int deepest = 500;
constexpr std::uint32_t all_mode_bits = 07777;
constexpr const char* capability = "security.capability";

[[noreturn]] void fail(const char* doing, const std::string& path) {
  throw system_error(fmt::format("{} /{} of the sandbox", doing, path), errno);
}

[[noreturn]] void too_much(const std::string& what) {
  throw Error(ErrorKind::failed, "the script leaves " + what);
}

/// Attributes that a package's file may have; others belong to the host.
bool is_of_interest(std::string_view name) {
  return name.starts_with("user.") || name == capability;
}

/// Of `name` in the working folder. A file system without attributes has none.
std::map<std::string, std::string> xattrs_of(const char* name) {
  std::map<std::string, std::string> xattrs;
  std::string names(64U << 10U, '\0');
  const ssize_t size = ::llistxattr(name, names.data(), names.size());
  for (std::size_t at = 0; size > 0 && at < static_cast<std::size_t>(size);) {
    const std::string attribute = names.c_str() + at;
    at += attribute.size() + 1;
    if (!is_of_interest(attribute)) continue;
    std::string value(64U << 10U, '\0');
    const ssize_t length = ::lgetxattr(name, attribute.c_str(), value.data(), value.size());
    if (length < 0) continue;
    value.resize(static_cast<std::size_t>(length));
    xattrs[attribute] = value;
  }
  return xattrs;
}

/// What `name` in the working folder is; nothing when there is none.
std::optional<DiskState> state_of(const char* name) {
  struct statx found {};
  if (::statx(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) {
    return std::nullopt;
  }
  DiskState state;
  state.identity = identity_of(found);
  state.mode = found.stx_mode;
  state.uid = found.stx_uid;
  state.gid = found.stx_gid;
  state.size = found.stx_size;
  state.mtime = found.stx_mtime.tv_sec;
  state.mtime_nanoseconds = found.stx_mtime.tv_nsec;
  if (S_ISREG(state.mode) || S_ISDIR(state.mode)) state.xattrs = xattrs_of(name);
  return state;
}

std::optional<NodeType> type_of(mode_t mode) {
  if (S_ISREG(mode)) return NodeType::file;
  if (S_ISDIR(mode)) return NodeType::directory;
  if (S_ISLNK(mode)) return NodeType::symlink;
  if (S_ISFIFO(mode)) return NodeType::fifo;
  return std::nullopt;
}

std::string link_target(const char* name) {
  std::string target(longest_path + 1, '\0');
  const ssize_t size = ::readlink(name, target.data(), target.size());
  target.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return target;
}

std::vector<std::string> sorted_names(int folder, const std::string& path) {
  DIR* const stream = ::fdopendir(::fcntl(folder, F_DUPFD_CLOEXEC, 0));
  if (stream == nullptr) fail("reading", path);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(stream);
  std::sort(names.begin(), names.end());
  return names;
}

void note_xattrs(const DiskState& before, const DiskState& now, ListedEntry& entry) {
  for (const auto& [name, value] : now.xattrs) {
    const auto old = before.xattrs.find(name);
    if (old == before.xattrs.end() || old->second != value) entry.set_xattrs[name] = value;
  }
  for (const auto& [name, value] : before.xattrs) {
    if (!now.xattrs.contains(name)) entry.removed_xattrs.push_back(name);
  }
}

}  // namespace

/// One reading of the tree.
struct SandboxSurvey::Run {
  int contents;
  const OwnerChanges& owners;
  const SandboxLimits& limits;
  std::time_t begin;
  std::time_t end;
  std::string text;
  std::uint64_t entries = 0;
  std::uint64_t written = 0;

  std::int64_t time_of(const DiskState& now) const {
    // The clock of files may lag behind a little.
    const bool during = now.mtime >= begin - 1 && now.mtime <= end + 1;
    return during ? ListedEntry::during_run : now.mtime;
  }
};

void SandboxSurvey::dress() {
  check_call(::fchdir(root_), "fchdir");
  before_.resize(tree_.items.size());
  for (std::size_t number = 0; number < tree_.items.size(); ++number) {
    dress(number);
    numbers_.emplace(before_[number].identity.number, number);
  }
}

void SandboxSurvey::dress(std::size_t number) {
  const SandboxItem& item = tree_.items[number];
  const char* const path = item.path.empty() ? "." : item.path.c_str();
  const Node* const node = item.node.get();
  if (node != nullptr && ids_.way != IdMap::Way::single && (node->uid != 0 || node->gid != 0)) {
    // EINVAL: an id that the namespace has not.
    if (::lchown(path, node->uid, node->gid) != 0 && errno != EINVAL) {
      fail("changing the owner of", item.path);
    }
  }
  const mode_t mode = node != nullptr ? node->mode & all_mode_bits : 0755;
  const bool is_link = node != nullptr && node->type == NodeType::symlink;
  if (!is_link && ::chmod(path, mode) != 0) fail("changing the mode of", item.path);
  if (node != nullptr) {
    for (const auto& [name, value] : node->xattrs) {
      // Where it is refused it stays in the rootfs alone.
      if (is_of_interest(name)) ::lsetxattr(path, name.c_str(), value.data(), value.size(), 0);
    }
  }
  auto state = state_of(path);
  if (!state) fail("reading", item.path);
  before_[number] = std::move(*state);
}

std::string SandboxSurvey::list(int contents, const OwnerChanges& owners, std::time_t begin,
                                const SandboxLimits& limits) {
  Run run{contents, owners, limits, begin, std::time(nullptr), {}};
  check_call(::fchdir(root_), "fchdir");
  const auto now = state_of(".");
  if (!now) fail("reading", "");
  ListedEntry entry = compare(run, ".", *now);
  append_entry(run.text, entry);
  list_folder(run, root_, "", 0);
  return std::move(run.text);
}

void SandboxSurvey::list_folder(Run& run, int folder, const std::string& path, int depth) const {
  if (depth > deepest) too_much(fmt::format("more than {} folders in each other", deepest));
  for (const std::string& name : sorted_names(folder, path)) {
    check_call(::fchdir(folder), "fchdir");
    list_entry(run, name, path.empty() ? name : path + "/" + name, depth);
  }
}

void SandboxSurvey::list_entry(Run& run, const std::string& name, const std::string& path,
                               int depth) const {
  if (path.size() > longest_path) too_much("a path that is too long");
  if (++run.entries > run.limits.entries) {
    too_much(fmt::format("more than {} files", run.limits.entries));
  }
  const auto now = state_of(name.c_str());
  if (!now) fail("reading", path);
  if (!type_of(now->mode)) return;  // a socket without its server
  ListedEntry entry = compare(run, name.c_str(), *now);
  entry.path = path;
  if (entry.item && tree_.items[*entry.item].kind == SandboxItem::Kind::script) {
    if (path == tree_.items[*entry.item].path) return;
    entry = describe_new(run, name.c_str(), *now);
    entry.path = path;
  }
  append_entry(run.text, entry);
  if (!S_ISDIR(now->mode)) return;
  const FileDescriptor inner(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inner) fail("opening", path);
  list_folder(run, inner.get(), path, depth + 1);
}

ListedEntry SandboxSurvey::compare(Run& run, const char* name, const DiskState& now) const {
  const auto known = numbers_.find(now.identity.number);
  if (known == numbers_.end()) return describe_new(run, name, now);
  const DiskState& before = before_[known->second];
  const SandboxItem& item = tree_.items[known->second];
  const bool is_device = item.node != nullptr && (item.node->type == NodeType::character_device ||
                                                  item.node->type == NodeType::block_device);
  if (before.identity != now.identity || (before.mode & S_IFMT) != (now.mode & S_IFMT) ||
      (is_device && now.size != 0)) {
    return describe_new(run, name, now);
  }
  ListedEntry entry;
  entry.item = known->second;
  entry.type = item.node != nullptr ? item.node->type : *type_of(now.mode);
  if (before.mode != now.mode) entry.mode = now.mode & all_mode_bits;
  if (before.uid != now.uid) entry.uid = now.uid;
  if (before.gid != now.gid) entry.gid = now.gid;
  believe(run, now, item.node.get(), entry);
  note_xattrs(before, now, entry);
  const bool same_time =
      before.mtime == now.mtime && before.mtime_nanoseconds == now.mtime_nanoseconds;
  if (entry.type == NodeType::file && (!same_time || before.size != now.size)) {
    entry.mtime = run.time_of(now);
    add_content(run, name, now, entry);
    // A file that is written to loses its capabilities, also where the disk could not hold them.
    if (item.node->xattrs.contains(capability) && !before.xattrs.contains(capability)) {
      entry.removed_xattrs.emplace_back(capability);
    }
  }
  return entry;
}

ListedEntry SandboxSurvey::describe_new(Run& run, const char* name, const DiskState& now) const {
  ListedEntry entry;
  entry.identity = now.identity.number;
  entry.type = *type_of(now.mode);
  entry.mode = now.mode & all_mode_bits;
  entry.uid = now.uid;
  entry.gid = now.gid;
  believe(run, now, nullptr, entry);
  entry.mtime = run.time_of(now);
  entry.set_xattrs = now.xattrs;
  if (entry.type == NodeType::file) add_content(run, name, now, entry);
  if (entry.type == NodeType::symlink) entry.target = link_target(name);
  return entry;
}

void SandboxSurvey::believe(const Run& run, const DiskState& now, const Node* node,
                            ListedEntry& entry) {
  const auto told = run.owners.find(now.identity);
  if (told == run.owners.end()) return;
  if (told->second.uid) entry.uid = told->second.uid;
  if (told->second.gid) entry.gid = told->second.gid;
  if (node != nullptr && entry.uid == node->uid) entry.uid.reset();
  if (node != nullptr && entry.gid == node->gid) entry.gid.reset();
}

OwnerChanges SandboxSurvey::hidden_owners() const {
  OwnerChanges owners;
  for (std::size_t number = 0; number < before_.size(); ++number) {
    const Node* const node = tree_.items[number].node.get();
    const DiskState& disk = before_[number];
    if (node == nullptr || (node->uid == disk.uid && node->gid == disk.gid)) continue;
    owners[disk.identity] = {node->uid, node->gid};
  }
  return owners;
}

void SandboxSurvey::add_content(Run& run, const char* name, const DiskState& now,
                                ListedEntry& entry) const {
  if (now.size > run.limits.content - std::min(run.limits.content, run.written)) {
    too_much(fmt::format("more than {} octets of new contents", run.limits.content));
  }
  const FileDescriptor file(::open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) fail("opening", name);
  entry.content = ContentRange{run.written, now.size};
  std::string buffer(256U << 10U, '\0');
  for (std::uint64_t left = now.size; left > 0;) {
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
    const ssize_t size = ::read(file.get(), buffer.data(), most);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) fail("reading", name);
    write_all(run.contents, as_bytes(std::string_view(buffer).substr(0, std::size_t(size))),
              "the sandbox' contents");
    left -= static_cast<std::uint64_t>(size);
  }
  run.written += now.size;
}

}  // namespace tarn::builder
