#include "builder/rootfs/conflicts.h"

#include <algorithm>

namespace tarn::builder {
namespace {

/// The priority with which `package` replaces `other`; -1 when it does not.
std::int64_t replacing_priority(const apk::Package& package, const apk::Package& other) {
  const bool replaces =
      std::any_of(package.replaces.begin(), package.replaces.end(), [&](const auto& dependency) {
        return dependency.name == other.name &&
               dependency.is_satisfied_by(other.version, other.identity);
      });
  return replaces ? std::int64_t{package.replaces_priority} : -1;
}

bool same_origin(const apk::Package& left, const apk::Package& right) {
  return !left.origin.empty() && left.origin == right.origin;
}

}  // namespace

FileVerdict judge_file(const apk::Package& installed, const apk::Package& added) {
  if (installed.name == added.name) return FileVerdict::overwrite;
  const std::int64_t installed_priority = replacing_priority(installed, added);
  const std::int64_t added_priority = replacing_priority(added, installed);
  if (installed_priority > added_priority) return FileVerdict::keep;
  if (added_priority >= 0 || same_origin(installed, added)) return FileVerdict::overwrite;
  return FileVerdict::conflict;
}

bool takes_directory(const apk::Package& installed, const apk::Package& added) {
  if (installed.name == added.name) return true;
  if (installed.replaces_priority != added.replaces_priority) {
    return added.replaces_priority > installed.replaces_priority;
  }
  if (same_origin(installed, added)) {
    if (added.name == added.origin) return true;
    if (installed.name == installed.origin) return false;
  }
  return added.name < installed.name;
}

bool is_protected(std::string_view path, NodeType type) {
  if (path.starts_with("etc/init.d/")) return type == NodeType::symlink;
  return path.starts_with("etc/");
}

}  // namespace tarn::builder
