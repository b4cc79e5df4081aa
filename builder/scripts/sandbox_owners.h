#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <linux/seccomp.h>
#include <sys/stat.h>

#include "apk/support/file.h"

namespace tarn::builder {

/// A file for as long as it exists: a number that is used again comes with another time of birth
/// (where the file system knows it).
struct InodeIdentity {
  std::uint64_t number = 0;
  std::int64_t birth = 0;  ///< nanoseconds
  auto operator<=>(const InodeIdentity&) const = default;
};

/// Owners that files were given where the namespace has no such ids.
struct ChangedOwner {
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
};
using OwnerChanges = std::map<InodeIdentity, ChangedOwner>;

/// The identity of what statx() was asked about (with STATX_BTIME).
InodeIdentity identity_of(const struct statx& found);

/// The changes as octets, to pass from one process to another of this program.
std::string owners_text(const OwnerChanges& changes);
/// Throws Error (failed) when it is no such text.
OwnerChanges parse_owners(std::string_view text);

/// Answers for the kernel where chown(2) is supervised (sandbox_filter.h): remembers the owner, and
/// says it was done. Runs where the callers' root is its own and /proc shows them.
class OwnerSupervisor {
 public:
  /// `most`: of how many files it remembers the owners.
  OwnerSupervisor(FileDescriptor listener, std::uint64_t most);
  int fd() const { return listener_.get(); }
  /// Takes one call and answers it. To be called when fd() is readable.
  void answer();
  const OwnerChanges& changes() const { return changes_; }

 private:
  int change(pid_t caller, const seccomp_data& call);

  FileDescriptor listener_;
  std::uint64_t most_;
  dev_t device_;  ///< of the file system the rootfs is on
  std::vector<char> request_;
  std::vector<char> response_;
  OwnerChanges changes_;
};

}  // namespace tarn::builder
