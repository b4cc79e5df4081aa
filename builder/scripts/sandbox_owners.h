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
#include "builder/scripts/sandbox_filter.h"

namespace tarn::builder {

/// A file for as long as it exists: a number that is used again comes with another time of birth
/// (where the file system knows it).
struct InodeIdentity {
  std::uint64_t number = 0;
  std::int64_t birth = 0;  ///< nanoseconds
  auto operator<=>(const InodeIdentity&) const = default;
};

/// Owners of files where the namespace has no such ids.
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

/// Answers for the kernel where owners are supervised (sandbox_filter.h): remembers what owner a
/// file is given, and shows it to who asks. Runs where the callers' root is its own and /proc shows
/// them.
class OwnerSupervisor {
 public:
  /// `known`: the owners files have that the disk does not show. `most`: of how many files it
  /// remembers them.
  OwnerSupervisor(FileDescriptor listener, OwnerChanges known, std::uint64_t most);
  int fd() const { return listener_.get(); }
  /// Takes one call and answers it. To be called when fd() is readable.
  void answer();
  const OwnerChanges& changes() const { return changes_; }

 private:
  /// What the caller is told: 0 or an errno; nothing when the kernel is to do the call.
  using Answer = std::optional<int>;
  Answer change(const OwnerCall& call, int file);
  Answer tell(const OwnerCall& call, int file, const seccomp_notif& request);
  Answer handle(const seccomp_notif& request);

  FileDescriptor listener_;
  std::uint64_t most_;
  dev_t device_;  ///< of the file system the rootfs is on
  std::vector<char> request_;
  std::vector<char> response_;
  OwnerChanges changes_;
};

}  // namespace tarn::builder
