#include "builder/scripts/sandbox_owners.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "builder/scripts/sandbox_process.h"

namespace tarn::builder {
namespace {

constexpr std::size_t longest_path = 4096;
constexpr std::uint64_t page = 4096;

/// A change as it travels; -1 stands for none.
struct Record {
  std::uint64_t number;
  std::int64_t birth;
  std::int64_t uid;
  std::int64_t gid;
};

std::int64_t or_none(const std::optional<std::uint32_t>& id) {
  return id ? std::int64_t{*id} : -1;
}

std::optional<std::uint32_t> or_none(std::int64_t id) {
  if (id < 0) return std::nullopt;
  return static_cast<std::uint32_t>(id);
}

/// A text in another process; nothing when there is none that ends.
std::optional<std::string> text_in(pid_t process, std::uint64_t address) {
  std::string text;
  while (text.size() < longest_path) {
    // No read goes beyond a page: the next one need not be there.
    std::string part(page - (address + text.size()) % page, '\0');
    const iovec here{part.data(), part.size()};
    const iovec there{reinterpret_cast<void*>(address + text.size()), part.size()};
    const ssize_t size = ::process_vm_readv(process, &here, 1, &there, 1, 0);
    if (size <= 0) return std::nullopt;
    part.resize(static_cast<std::size_t>(size));
    const auto end = part.find('\0');
    text += part.substr(0, end);
    if (end != std::string::npos) return text;
  }
  return std::nullopt;
}

/// What "self" stands for in a path is the caller, not who looks at it.
std::string for_caller(std::string path, pid_t caller) {
  const std::string process = fmt::format("/proc/{}", caller);
  const std::array<std::pair<std::string_view, std::string>, 5> own = {{
      {"/proc/self/", process + "/"},
      {"/dev/fd/", process + "/fd/"},
      {"/dev/stdin", process + "/fd/0"},
      {"/dev/stdout", process + "/fd/1"},
      {"/dev/stderr", process + "/fd/2"},
  }};
  for (const auto& [prefix, replacement] : own) {
    if (path.starts_with(prefix)) return path.replace(0, prefix.size(), replacement);
  }
  return path;
}

dev_t device_of_root() {
  struct stat root {};
  check_call(::stat("/", &root), "stat");
  return root.st_dev;
}

}  // namespace

InodeIdentity identity_of(const struct statx& found) {
  InodeIdentity identity{found.stx_ino, 0};
  if ((found.stx_mask & STATX_BTIME) != 0) {
    identity.birth = found.stx_btime.tv_sec * 1'000'000'000 + found.stx_btime.tv_nsec;
  }
  return identity;
}

std::string owners_text(const OwnerChanges& changes) {
  std::string text;
  for (const auto& [identity, owner] : changes) {
    const Record record{identity.number, identity.birth, or_none(owner.uid), or_none(owner.gid)};
    text.append(reinterpret_cast<const char*>(&record), sizeof record);
  }
  return text;
}

OwnerChanges parse_owners(std::string_view text) {
  if (text.size() % sizeof(Record) != 0) {
    throw Error(ErrorKind::failed, "the sandbox' list of owners is cut off");
  }
  OwnerChanges changes;
  for (; !text.empty(); text.remove_prefix(sizeof(Record))) {
    Record record{};
    std::memcpy(&record, text.data(), sizeof record);
    changes[{record.number, record.birth}] = {or_none(record.uid), or_none(record.gid)};
  }
  return changes;
}

OwnerSupervisor::OwnerSupervisor(FileDescriptor listener, OwnerChanges known, std::uint64_t most)
    : listener_(std::move(listener)),
      most_(most),
      device_(device_of_root()),
      changes_(std::move(known)) {
  seccomp_notif_sizes sizes{};
  if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) {
    throw system_error("seccomp", errno);
  }
  request_.resize(std::max<std::size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)));
  response_.resize(std::max<std::size_t>(sizes.seccomp_notif_resp, sizeof(seccomp_notif_resp)));
}

void OwnerSupervisor::answer() {
  std::fill(request_.begin(), request_.end(), '\0');
  // It fails when the caller is gone again.
  if (::ioctl(fd(), SECCOMP_IOCTL_NOTIF_RECV, request_.data()) != 0) return;
  seccomp_notif request{};
  std::memcpy(&request, request_.data(), sizeof request);
  const Answer answer = handle(request);
  seccomp_notif_resp response{};
  response.id = request.id;
  response.error = -answer.value_or(0);
  if (!answer) response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  std::fill(response_.begin(), response_.end(), '\0');
  std::memcpy(response_.data(), &response, sizeof response);
  ::ioctl(fd(), SECCOMP_IOCTL_NOTIF_SEND, response_.data());
}

OwnerSupervisor::Answer OwnerSupervisor::handle(const seccomp_notif& request) {
  const auto call = decode_owner_call(request.data);
  if (!call) return std::nullopt;
  const auto caller = static_cast<pid_t>(request.pid);
  std::string path;
  if (call->path && *call->path != 0) {
    const auto text = text_in(caller, *call->path);
    if (!text) return std::nullopt;
    path = *text;
  }
  bool follow = call->follow;
  if (path.empty()) {
    // The open file itself; or no path, which is for the kernel to refuse.
    if (call->folder < 0) return std::nullopt;
    follow = true;
  }
  if (!path.starts_with('/')) {
    std::string folder = fmt::format("/proc/{}/cwd", caller);
    if (call->folder != AT_FDCWD) folder = fmt::format("/proc/{}/fd/{}", caller, call->folder);
    path = path.empty() ? folder : folder + "/" + path;
  }
  path = for_caller(std::move(path), caller);
  const FileDescriptor file(::open(path.c_str(), O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW)));
  if (!file) return std::nullopt;
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || status.st_dev != device_) return std::nullopt;
  if (call->kind == OwnerCall::Kind::change) return change(*call, file.get());
  return tell(*call, file.get(), request);
}

OwnerSupervisor::Answer OwnerSupervisor::change(const OwnerCall& call, int file) {
  // To the one owner there is on disk; it clears what a change of the owner clears.
  if (::fchownat(file, "", call.uid ? 0 : uid_t(-1), call.gid ? 0 : gid_t(-1), AT_EMPTY_PATH) !=
      0) {
    return errno;
  }
  struct statx found {};
  if (::statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) return errno;
  const InodeIdentity identity = identity_of(found);
  if (changes_.size() >= most_ && !changes_.contains(identity)) return ENOMEM;
  ChangedOwner& owner = changes_[identity];
  if (call.uid) owner.uid = call.uid;
  if (call.gid) owner.gid = call.gid;
  return 0;
}

OwnerSupervisor::Answer OwnerSupervisor::tell(const OwnerCall& call, int file,
                                              const seccomp_notif& request) {
  struct statx found {};
  if (::statx(file, "", AT_EMPTY_PATH, call.mask | STATX_BASIC_STATS | STATX_BTIME, &found) != 0) {
    return std::nullopt;
  }
  const auto known = changes_.find(identity_of(found));
  if (known == changes_.end()) return std::nullopt;
  std::string answer;
  if (call.kind == OwnerCall::Kind::statx) {
    found.stx_uid = known->second.uid.value_or(found.stx_uid);
    found.stx_gid = known->second.gid.value_or(found.stx_gid);
    answer.assign(reinterpret_cast<const char*>(&found), sizeof found);
  } else {
    struct stat status {};
    if (::fstat(file, &status) != 0) return std::nullopt;
    status.st_uid = known->second.uid.value_or(status.st_uid);
    status.st_gid = known->second.gid.value_or(status.st_gid);
    // As the kernel has it: calls of 32 bit programs do not come here.
    answer.assign(reinterpret_cast<const char*>(&status), sizeof status);
  }
  // The caller may be gone and its number another's.
  std::uint64_t id = request.id;
  if (::ioctl(fd(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) != 0) return std::nullopt;
  const iovec here{answer.data(), answer.size()};
  const iovec there{reinterpret_cast<void*>(call.result), answer.size()};
  const ssize_t written =
      ::process_vm_writev(static_cast<pid_t>(request.pid), &here, 1, &there, 1, 0);
  if (written != static_cast<ssize_t>(answer.size())) return EFAULT;
  return 0;
}

}  // namespace tarn::builder
