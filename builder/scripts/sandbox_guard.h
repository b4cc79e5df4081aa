#pragma once

#include <cstdint>
#include <string>

#include "builder/scripts/sandbox.h"
#include "builder/scripts/sandbox_emulator.h"
#include "builder/scripts/sandbox_filter.h"
#include "builder/scripts/sandbox_owners.h"
#include "builder/scripts/sandbox_process.h"

namespace tarn::builder {

/// What the first process of a sandbox is to do.
struct GuardTask {
  int root = -1;     ///< the folder that becomes the root; -1: only try whether it could
  std::string proc;  ///< paths below it
  std::string dev;
  const std::string& architecture;
  const ProgramRunner& runner;
  const ScriptCall* call = nullptr;
  SandboxLimits limits = {};
  Ownership ownership = Ownership::kernel;
  std::uint64_t tree_octets = 0;
  int output = -1;  ///< where the script's output goes
  /// Owners that files have and the disk does not show; used where they are supervised.
  const OwnerChanges* known_owners = nullptr;
  int owners = -1;  ///< a file for the owners there are in the end (owners_text)
};

/// The work of the first process of a process namespace that is root of its user namespace: makes
/// the sandbox' world, starts the script in it, watches over its limits, and ends all processes
/// there are when the script has ended. Sends one message about that. The exit status is 0 when the
/// script ended by itself. Throws Error (failed).
int guard_script(const GuardTask& task, const SandboxChannel& channel);

}  // namespace tarn::builder
