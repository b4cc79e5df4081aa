#pragma once

#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

#include "builder/scripts/sandbox.h"
#include "builder/scripts/sandbox_listing.h"
#include "builder/scripts/sandbox_owners.h"
#include "builder/scripts/sandbox_tree.h"

namespace tarn::builder {

/// What of a file on disk tells whether it is still the same.
struct DiskState {
  InodeIdentity identity;
  mode_t mode = 0;  ///< type and 07777
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;
  std::uint32_t mtime_nanoseconds = 0;
  std::map<std::string, std::string> xattrs;  ///< those a package may have
};

/// Looks at a tree on disk as the root of its namespace: first gives all items their owners, modes
/// and attributes as far as the file system and the namespace's ids can hold them, and later tells
/// what a script has changed.
class SandboxSurvey {
 public:
  SandboxSurvey(int root, const SandboxTree& tree, const IdMap& ids) noexcept
      : root_(root), tree_(tree), ids_(ids) {}

  /// Throws Error (failed).
  void dress();

  /// The owners of the rootfs' files that the disk does not show.
  OwnerChanges hidden_owners() const;

  /// What is there now: entries in order of their paths, folders before what they hold, changed
  /// contents appended to the file `contents`. `owners`: those that the disk does not show. Times
  /// from `begin` on are those of the run. Throws Error (failed) when it is more than the limits
  /// allow.
  std::string list(int contents, const OwnerChanges& owners, std::time_t begin,
                   const SandboxLimits& limits);

 private:
  // Names are those of the working folder, which is changed on the way.
  struct Run;
  void dress(std::size_t number);
  void list_folder(Run& run, int folder, const std::string& path, int depth) const;
  void list_entry(Run& run, const std::string& name, const std::string& path, int depth) const;
  ListedEntry compare(Run& run, const char* name, const DiskState& now) const;
  ListedEntry describe_new(Run& run, const char* name, const DiskState& now) const;
  static void believe(const Run& run, const DiskState& now, const Node* node, ListedEntry& entry);
  void add_content(Run& run, const char* name, const DiskState& now, ListedEntry& entry) const;

  int root_;
  const SandboxTree& tree_;
  const IdMap& ids_;
  std::vector<DiskState> before_;
  std::unordered_map<std::uint64_t, std::size_t> numbers_;  ///< of items by inode number
};

}  // namespace tarn::builder
