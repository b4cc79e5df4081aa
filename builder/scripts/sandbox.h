#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "builder/rootfs/rootfs.h"
#include "builder/scripts/script_call.h"

namespace tarn::builder {

/// What one script in the sandbox may use at most.
struct SandboxLimits {
  std::chrono::milliseconds wall{300'000};  ///< from its start to its end
  std::chrono::seconds cpu{300};            ///< of each process
  std::uint64_t memory = 2ULL << 30U;       ///< octets, all processes together
  std::uint64_t processes = 256;            ///< at one time
  std::uint64_t open_files = 1024;          ///< of each process
  std::uint64_t output = 16ULL << 20U;      ///< octets on its standard and error output
  std::uint64_t file = 1ULL << 30U;         ///< octets of one file
  std::uint64_t content = 1ULL << 30U;      ///< octets of all it writes
  std::uint64_t entries = 1'000'000;        ///< files, folders, links of the whole tree
};

struct SandboxOptions {
  std::string architecture;  ///< of the rootfs, as apk names it: "x86_64", "aarch64"
  /// Seconds since 1970: the mtime of what a script makes or writes, and its "today" in
  /// etc/shadow, so that a result does not depend on the clock.
  std::int64_t now = 0;
  SandboxLimits limits;
  /// A private folder for the copy of the rootfs; what is made in it is removed again.
  std::filesystem::path scratch;
};

/// Why scripts of that architecture cannot be run in a sandbox on this host ("user namespaces are
/// refused (unshare: Operation not permitted)", "there is no qemu-aarch64-static to run aarch64");
/// nothing when they can. It tries: a process makes all that a sandbox is made of. Costs some
/// milliseconds, so keep the answer.
std::optional<std::string> sandbox_obstacle(const std::string& architecture);

/// Runs a script in a process of its own on a copy of the rootfs, and takes over what it changed.
///
/// The process is root in namespaces of its own: no other file but those of the rootfs, /proc and a
/// small /dev, no other process, no network, no privilege outside, few system calls that are of no
/// use to a script. It has the call's environment and nothing else, the root as working directory,
/// umask 022, no input. All processes it has left running are killed when it ends. A script without
/// an interpreter that can be run has status 127; one that a signal ended, 128 and its number.
///
/// What it makes belongs to the build (Owner::generated); a package's file that is written to stays
/// the package's. Times that are those of the run become `now`; others (touch -d, cp -p) stay.
/// Device nodes, owners, attributes that the scratch folder's file system or the host's ids cannot
/// hold stay as the rootfs has them. The backup copies of etc/passwd, group and shadow are not
/// kept.
///
/// Throws Error (failed) when the sandbox cannot be made or read back, and when a limit is reached
/// (the message names it); Error (interrupted) after a stop. The rootfs is then as it was.
ScriptResult run_in_sandbox(const ScriptCall& call, Rootfs& rootfs, const SandboxOptions& options,
                            const std::stop_token& stop = {});

}  // namespace tarn::builder
