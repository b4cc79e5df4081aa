#include "builder/scripts/sandbox_owners.h"

#include <algorithm>
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
#include "builder/scripts/sandbox_filter.h"
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

OwnerSupervisor::OwnerSupervisor(FileDescriptor listener, std::uint64_t most)
    : listener_(std::move(listener)), most_(most), device_(device_of_root()) {
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
  seccomp_notif_resp response{};
  response.id = request.id;
  response.error = -change(static_cast<pid_t>(request.pid), request.data);
  std::fill(response_.begin(), response_.end(), '\0');
  std::memcpy(response_.data(), &response, sizeof response);
  ::ioctl(fd(), SECCOMP_IOCTL_NOTIF_SEND, response_.data());
}

int OwnerSupervisor::change(pid_t caller, const seccomp_data& data) {
  const auto call = decode_owner_call(data);
  if (!call) return ENOSYS;
  std::string path;
  bool follow = true;
  if (call->path) {
    const auto text = text_in(caller, *call->path);
    if (!text) return EFAULT;
    path = *text;
    follow = call->follow;
  }
  if (call->path && path.empty()) {
    if (call->folder < 0) return ENOENT;
    follow = true;
  }
  if (!path.starts_with('/')) {
    std::string folder = fmt::format("/proc/{}/cwd", caller);
    if (call->folder != AT_FDCWD) folder = fmt::format("/proc/{}/fd/{}", caller, call->folder);
    path = path.empty() ? folder : folder + "/" + path;
  }
  const FileDescriptor file(::open(path.c_str(), O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW)));
  if (!file) return errno;
  // The one owner there is here; it clears what a change of the owner clears.
  if (::fchownat(file.get(), "", call->uid ? 0 : uid_t(-1), call->gid ? 0 : gid_t(-1),
                 AT_EMPTY_PATH) != 0) {
    return errno;
  }
  struct statx found {};
  struct stat status {};
  if (::statx(file.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &found) != 0 ||
      ::fstat(file.get(), &status) != 0) {
    return errno;
  }
  if (status.st_dev != device_) return 0;
  if (changes_.size() >= most_) return ENOMEM;
  ChangedOwner& owner = changes_[identity_of(found)];
  if (call->uid) owner.uid = call->uid;
  if (call->gid) owner.gid = call->gid;
  return 0;
}

}  // namespace tarn::builder
