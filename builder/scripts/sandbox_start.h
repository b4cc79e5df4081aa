#pragma once

#include <vector>

#include "builder/scripts/sandbox.h"
#include "builder/scripts/sandbox_filter.h"

namespace tarn::builder {

/// How a script's process is set up.
struct ScriptStart {
  const ScriptCall& call;
  const SandboxLimits& limits;
  Ownership ownership = Ownership::kernel;
  bool is_32_bit = false;
  int output = -1;
  /// A socket the file that install_filter gives is sent through. It must be one that is closed on
  /// execve: that it closes says that the script's program has started.
  int listener_to = -1;
};

/// Turns this process, in the sandbox' world, into the script: standard files, limits, privileges
/// and the filter of system calls, then the script's interpreter. Does not return: the status is
/// 127 when the script cannot be run. Throws Error (failed) when its bounds cannot be set.
[[noreturn]] void become_script(const ScriptStart& start);

/// Gives away all privileges in the user namespace that no script needs, and any new ones.
void drop_privileges();

}  // namespace tarn::builder
