#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace tarn::apk {

/// The value of an environment variable; nothing when it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

/// Looks a variable up in the environment of this process.
std::optional<std::string> environment_variable(const std::string& name);

/// Where the cache lies: $TARN_CACHE, else $XDG_CACHE_HOME/tarn, else $HOME/.cache/tarn. An empty
/// variable counts as not set, and a relative $XDG_CACHE_HOME too (as the XDG base directory
/// specification says). Throws Error (usage) when none of the three is there.
std::filesystem::path cache_folder(const EnvironmentLookup& lookup);

}  // namespace tarn::apk
