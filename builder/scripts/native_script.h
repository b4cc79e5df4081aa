#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "builder/scripts/command.h"
#include "builder/scripts/script_budget.h"
#include "builder/scripts/script_call.h"
#include "builder/scripts/script_rootfs.h"

namespace tarn::builder {

/// What keeps a script from being run natively.
struct UnsupportedConstruct {
  std::size_t line = 0;  ///< of the script, counted from 1
  std::string what;      ///< "openssl is no native command"
};

/// Looks, without running anything, at every construct and command that a script can reach: the
/// first that the interpreter cannot run exactly, if there is one. Commands are looked for in the
/// rootfs as it is now; what only the run shows is for run_native() to find out.
std::optional<UnsupportedConstruct> check_script(const ScriptCall& call, const ScriptRootfs& files);

/// Runs a script as the kernel, busybox' ash and its applets would, on the rootfs alone. A script
/// whose interpreter is missing, or that has no interpreter line, has status 127 and no effect.
/// Throws NotNative for what turns out not to be possible exactly, and Error (failed) when a bound
/// is reached; the caller then undoes what was changed.
ScriptResult run_native(const ScriptCall& call, ScriptRootfs& files,
                        const ScriptSurroundings& surroundings, const ScriptLimits& limits);

}  // namespace tarn::builder
