#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "apk/support/file.h"

namespace tarn::builder {

/// Whether chown(2), stat(2) and their like are left to the kernel, or to someone who answers for
/// it.
enum class Ownership { kernel, supervised };

/// A filter of system calls (BPF, for seccomp): refuses what has no use for a script and could
/// reach beyond the sandbox: mounts, namespaces, tracing and other processes' memory, keys, bpf,
/// perf, io_uring, modules, clocks, handles of files, memory that no limit counts, sockets of other
/// families than unix, inet and netlink. It knows the host's own system calls and those of the
/// 32 bit architecture the host also runs; others are not there (ENOSYS).
std::vector<sock_filter> script_filter(Ownership ownership);

/// Puts it over this process for good. With Ownership::supervised gives the file through which the
/// calls are answered, else none. Throws Error (failed).
FileDescriptor install_filter(std::vector<sock_filter>& filter, Ownership ownership);

/// A call that changes owners (chown(2) and its like) or tells them (stat(2) and its like).
struct OwnerCall {
  enum class Kind { change, stat, statx };
  Kind kind = Kind::change;
  int folder = -1;                    ///< AT_FDCWD, or an open file of the caller
  std::optional<std::uint64_t> path;  ///< where in the caller's memory; none: the open file
  bool follow = true;                 ///< a link at the end of the path
  std::optional<std::uint32_t> uid;   ///< to change; none: stays as it is
  std::optional<std::uint32_t> gid;
  std::uint64_t result = 0;  ///< where in the caller's memory the answer belongs
  std::uint32_t mask = 0;    ///< of statx(2)
};

/// What a call that was handed over asks for; nothing when it is another one.
std::optional<OwnerCall> decode_owner_call(const seccomp_data& call);

}  // namespace tarn::builder
