#include "builder/scripts/triggers.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "builder/scripts/shell_pattern.h"

namespace tarn::builder {
namespace {

bool matches_any(const std::vector<std::string>& globs, const std::string& directory) {
  return std::any_of(globs.begin(), globs.end(), [&](std::string_view glob) {
    if (glob.starts_with('+')) glob.remove_prefix(1);
    return matches_pattern(glob, directory, {.slash_alone = true});
  });
}

std::set<std::string> directories_of(std::span<const apk::InstalledPackage> packages) {
  std::set<std::string> directories;
  for (const apk::InstalledPackage& package : packages)
    for (const apk::InstalledDirectory& directory : package.directories)
      directories.insert("/" + directory.path);
  return directories;
}

}  // namespace

std::vector<FiredTrigger> fired_triggers(std::span<const apk::InstalledPackage> packages,
                                         std::size_t present) {
  const std::set<std::string> all = directories_of(packages);
  const std::set<std::string> changed = directories_of(packages.subspan(present));
  std::vector<FiredTrigger> fired;
  for (std::size_t i = 0; i < packages.size(); ++i) {
    if (!packages[i].scripts.contains(apk::ScriptKind::trigger)) continue;
    FiredTrigger trigger{.package = i, .directories = {}};
    for (const std::string& directory : i < present ? changed : all)
      if (matches_any(packages[i].triggers, directory)) trigger.directories.push_back(directory);
    if (!trigger.directories.empty()) fired.push_back(std::move(trigger));
  }
  return fired;
}

}  // namespace tarn::builder
