#include "builder/scripts/sandbox_usage.h"

#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "apk/support/file.h"

namespace tarn::builder {
namespace {

constexpr std::uint64_t disk_block = 512;  // of st_blocks

struct CloseFolder {
  void operator()(DIR* stream) const { ::closedir(stream); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

bool is_number(std::string_view name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The octets after "NAME:" in /proc/N/status, where they are in KiB.
std::uint64_t status_octets(std::string_view status, std::string_view name) {
  const auto at = status.find(name);
  if (at == std::string_view::npos) return 0;
  status.remove_prefix(at + name.size());
  status.remove_prefix(std::min(status.find_first_not_of(" \t"), status.size()));
  std::uint64_t value = 0;
  std::from_chars(status.data(), status.data() + status.size(), value);
  return value * 1024;
}

std::uint64_t memory_of(const std::string& process) {
  const FileDescriptor file(::open((process + "/status").c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(4096, '\0');
  const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : 0;
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return status_octets(text, "\nRssAnon:") + status_octets(text, "\nRssShmem:");
}

/// What open files take that have no name any more.
std::uint64_t nameless_octets(const std::string& process) {
  const std::string path = process + "/fd";
  const Folder folder(::opendir(path.c_str()));
  std::uint64_t octets = 0;
  while (const dirent* entry = folder != nullptr ? ::readdir(folder.get()) : nullptr) {
    struct stat found {};
    if (is_number(entry->d_name) && ::stat((path + "/" + entry->d_name).c_str(), &found) == 0 &&
        S_ISREG(found.st_mode) && found.st_nlink == 0) {
      octets += static_cast<std::uint64_t>(found.st_blocks) * disk_block;
    }
  }
  return octets;
}

/// What is below a folder, other file systems left out.
std::uint64_t tree_octets(int folder, dev_t device, int depth) {
  constexpr int deepest = 500;
  const Folder stream(::fdopendir(::fcntl(folder, F_DUPFD_CLOEXEC, 0)));
  std::uint64_t octets = 0;
  while (const dirent* entry = stream != nullptr ? ::readdir(stream.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    struct stat found {};
    if (name == "." || name == ".." ||
        ::fstatat(folder, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0 ||
        found.st_dev != device) {
      continue;
    }
    octets += static_cast<std::uint64_t>(found.st_blocks) * disk_block;
    if (!S_ISDIR(found.st_mode) || depth > deepest) continue;
    const FileDescriptor inner(
        ::openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (inner) octets += tree_octets(inner.get(), device, depth + 1);
  }
  return octets;
}

}  // namespace

struct UsageMeter::Usage {
  std::uint64_t count = 0;
  std::uint64_t memory = 0;
  std::uint64_t nameless = 0;
};

UsageMeter::UsageMeter(const SandboxLimits& limits, std::uint64_t octets)
    : limits_(limits), tree_octets_(octets), taken_before_(disk_taken()) {}

UsageMeter::Usage UsageMeter::processes() const {
  Usage usage;
  const Folder folder(::opendir("/proc"));
  while (const dirent* entry = folder != nullptr ? ::readdir(folder.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (!is_number(name) || name == "1") continue;
    ++usage.count;
    usage.memory += memory_of("/proc/" + name);
    usage.nameless += nameless_octets("/proc/" + name);
  }
  return usage;
}

std::uint64_t UsageMeter::disk_taken() const {
  struct statvfs disk {};
  if (::statvfs("/", &disk) != 0) return 0;
  return static_cast<std::uint64_t>(disk.f_blocks - disk.f_bfree) * disk.f_frsize;
}

std::optional<std::string> UsageMeter::exceeded() {
  const Usage usage = processes();
  if (usage.count > limits_.processes) return fmt::format("{} processes", limits_.processes);
  if (usage.memory > limits_.memory) return fmt::format("{} octets of memory", limits_.memory);
  // Others write to the same disk: what it has grown by only tells when to look closer.
  const std::uint64_t taken = disk_taken();
  if (taken > taken_before_ && taken - taken_before_ > limits_.content / 2) {
    taken_before_ = taken;
    const FileDescriptor root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat status {};
    ::fstat(root.get(), &status);
    if (tree_octets(root.get(), status.st_dev, 0) + usage.nameless >
        tree_octets_ + limits_.content) {
      return fmt::format("{} octets of new contents", limits_.content);
    }
  }
  return std::nullopt;
}

}  // namespace tarn::builder
