#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builder/scripts/script_budget.h"
#include "builder/scripts/script_rootfs.h"

namespace tarn::builder {

/// The paths that match a pattern ("etc/*.conf", seen from `directory`), in order of octets; none
/// when nothing does. Throws NotNative for /dev, /proc and /sys, which are not the image's.
std::vector<std::string> matching_paths(std::string_view pattern, std::string_view directory,
                                        const ScriptRootfs& files, ScriptBudget& budget);

}  // namespace tarn::builder
