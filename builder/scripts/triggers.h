#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apk/database/installed.h"

namespace tarn::builder {

/// A trigger script that has to run, and the directories it is told of.
struct FiredTrigger {
  std::size_t package = 0;               ///< its place in the order of installation
  std::vector<std::string> directories;  ///< "/usr/share/fonts", in order of octets
};

/// The trigger scripts that apk runs once all `packages` lie in a root that was empty: one call for
/// each package whose globs match any directory of any package, in order of installation. All
/// directories were changed then, so a glob's leading '+' (only what was changed) says nothing. The
/// first `present` packages lay in the root before: theirs are told only of directories that the
/// others have.
std::vector<FiredTrigger> fired_triggers(std::span<const apk::InstalledPackage> packages,
                                         std::size_t present = 0);

}  // namespace tarn::builder
