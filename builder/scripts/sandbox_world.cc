#include "builder/scripts/sandbox_world.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/scripts/sandbox_process.h"

namespace tarn::builder {
namespace {

using MountOptions = std::vector<std::pair<const char*, const char*>>;

/// A mount that is nowhere yet.
FileDescriptor new_mount(const char* type, const MountOptions& options, unsigned attributes) {
  const std::string doing = fmt::format("mounting {}", type);
  const FileDescriptor context(check_call(::fsopen(type, FSOPEN_CLOEXEC), doing.c_str()));
  for (const auto& [key, value] : options) {
    check_call(::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value, 0), doing.c_str());
  }
  check_call(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), doing.c_str());
  return FileDescriptor(
      check_call(::fsmount(context.get(), FSMOUNT_CLOEXEC, attributes), doing.c_str()));
}

/// A file or folder of the host as a mount that is nowhere yet.
FileDescriptor copy_mount(const char* path) {
  return FileDescriptor(
      ::open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | static_cast<unsigned>(OPEN_TREE_CLOEXEC)));
}

void put_mount(const FileDescriptor& mount, int folder, const char* path, int flags = O_DIRECTORY) {
  const std::string doing = fmt::format("mounting on /{}", path);
  const FileDescriptor place(
      check_call(::openat(folder, path, O_PATH | O_NOFOLLOW | O_CLOEXEC | flags), doing.c_str()));
  check_call(::move_mount(mount.get(), "", place.get(), "",
                          MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
             doing.c_str());
}

void set_attributes(const FileDescriptor& mount, std::uint64_t wanted) {
  mount_attr attributes{};
  attributes.attr_set = wanted;
  check_call(::mount_setattr(mount.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes),
             "mount_setattr");
}

/// The limit on each user's processes does not hold for all users together; that on their numbers
/// does. An older kernel, which has but one for all namespaces, refuses it.
void limit_process_numbers(const FileDescriptor& proc, std::uint64_t processes) {
  constexpr std::uint64_t least = 301;
  const FileDescriptor file(
      ::openat(proc.get(), "sys/kernel/pid_max", O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return;
  const std::string text = std::to_string(std::max(processes + 2, least));
  if (::write(file.get(), text.data(), text.size()) < 0 && errno != EINVAL && errno != EPERM) {
    throw system_error("limiting processes", errno);
  }
}

/// Devices that give nothing of the host away.
constexpr std::array<const char*, 5> devices = {"null", "zero", "full", "random", "urandom"};
constexpr std::array<std::pair<const char*, const char*>, 4> device_links = {{
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
}};

/// The host's device nodes as mounts whose owner and mode cannot be changed.
std::vector<std::pair<const char*, FileDescriptor>> device_mounts() {
  std::vector<std::pair<const char*, FileDescriptor>> mounts;
  for (const char* const name : devices) {
    FileDescriptor mount = copy_mount(fmt::format("/dev/{}", name).c_str());
    if (!mount && errno == ENOENT) continue;
    if (!mount) throw system_error(fmt::format("mounting /dev/{}", name), errno);
    set_attributes(mount, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    mounts.emplace_back(name, std::move(mount));
  }
  return mounts;
}

void fill_dev(const std::string& dev,
              const std::vector<std::pair<const char*, FileDescriptor>>& mounts) {
  const FileDescriptor folder(
      check_call(::open(dev.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "opening /dev"));
  for (const auto& [name, mount] : mounts) {
    check_call(::mknodat(folder.get(), name, S_IFREG | 0600, 0), "filling /dev");
    put_mount(mount, folder.get(), name, 0);
  }
  for (const auto& [name, target] : device_links) {
    check_call(::symlinkat(target, folder.get(), name), "filling /dev");
  }
  check_call(::mkdirat(folder.get(), "shm", 01777), "filling /dev");
  check_call(::fchmodat(folder.get(), "shm", 01777, 0), "filling /dev");
}

FileDescriptor empty_root(const std::string& proc, const std::string& dev) {
  FileDescriptor root = new_mount("tmpfs", {{"size", "64k"}}, 0);
  for (const std::string& name : {proc, dev}) {
    check_call(::mkdirat(root.get(), name.c_str(), 0755), "mkdir");
  }
  return root;
}

}  // namespace

void leave_namespaces(int root) {
  // Only a working directory moves on into the new mount namespace, an open file does not.
  check_call(root >= 0 ? ::fchdir(root) : ::chdir("/"), "chdir");
  check_call(::unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP),
             "unshare");
  check_call(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount");
  constexpr std::string_view host_name = "localhost";
  check_call(::sethostname(host_name.data(), host_name.size()), "sethostname");
}

void change_root(int root, const std::string& proc, const std::string& dev,
                 std::uint64_t processes) {
  const FileDescriptor tree = root >= 0 ? copy_mount(".") : empty_root(proc, dev);
  if (!tree) throw system_error("open_tree", errno);
  constexpr unsigned nothing = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  // A new /proc is only given to who sees a whole one, so it is made before the host's is gone.
  const FileDescriptor proc_tree = new_mount("proc", {}, nothing | MOUNT_ATTR_NODEV);
  limit_process_numbers(proc_tree, processes);
  set_attributes(proc_tree, MOUNT_ATTR_RDONLY);
  const FileDescriptor dev_tree =
      new_mount("tmpfs", {{"size", "1m"}, {"nr_inodes", "256"}, {"mode", "0755"}}, nothing);
  const auto mounts = device_mounts();

  put_mount(tree, AT_FDCWD, ".");
  check_call(::fchdir(tree.get()), "chdir");
  // The old root comes to lie on the new one, and is taken away.
  check_call(static_cast<int>(::syscall(SYS_pivot_root, ".", ".")), "pivot_root");
  check_call(::umount2(".", MNT_DETACH), "umount");
  check_call(::chdir("/"), "chdir");
  put_mount(proc_tree, AT_FDCWD, proc.c_str());
  put_mount(dev_tree, AT_FDCWD, dev.c_str());
  fill_dev(dev, mounts);
}

}  // namespace tarn::builder
