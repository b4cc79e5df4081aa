#pragma once

#include <filesystem>
#include <string>

#include "apk/support/file.h"
#include "builder/rootfs/rootfs.h"
#include "builder/scripts/native_script.h"

namespace tarn::test {

/// A folder in memory while it lives; on disk where this process may not mount. Making and removing
/// thousands of files takes a disk minutes.
class FastFolder {
 public:
  FastFolder();
  ~FastFolder();
  FastFolder(const FastFolder&) = delete;
  FastFolder& operator=(const FastFolder&) = delete;
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryDirectory folder_;
  bool is_mounted_ = false;
};

/// Writes a rootfs to disk, owners and modes included. Only root can.
void write_tree(const builder::Rootfs& rootfs, const std::filesystem::path& folder);

/// A tree as text, a line a node in order of paths: type, mode, owner, size and SHA-256, target,
/// and which names are links of one file. Without times, without dev, and without the backup copies
/// of the account files.
std::string describe_tree(const builder::Rootfs& rootfs);
std::string describe_tree(const std::filesystem::path& folder);

/// Runs a script as apk does, as a process in a chroot of `folder`. One that takes longer than ten
/// seconds is killed.
builder::ScriptResult run_in_chroot(const builder::ScriptCall& call,
                                    const std::filesystem::path& folder);

}  // namespace tarn::test
