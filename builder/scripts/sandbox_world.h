#pragma once

#include <cstdint>
#include <string>

namespace tarn::builder {

/// First step into a world of its own, for root of a user namespace: mount, network, IPC, UTS and
/// cgroup namespaces. The host's files are still in sight. The working directory becomes `root`, an
/// open folder; with -1 the host's root. Throws Error (failed), naming what is refused.
void leave_namespaces(int root);

/// Second step, for the first process of a process namespace: the working directory becomes the
/// root directory, with a read-only /proc at `proc` and a small /dev at `dev` (paths below the
/// root, without links), and nothing of the host is in sight any more. With `root` -1 the root is
/// an empty one, for trying. Throws Error (failed), naming what is refused.
/// Where the kernel can do that for one process namespace (from 6.14 on), there are no more than
/// `processes` in it, or what it has as the least (300).
void change_root(int root, const std::string& proc, const std::string& dev,
                 std::uint64_t processes);

}  // namespace tarn::builder
