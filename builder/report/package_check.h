#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apk/database/installed.h"
#include "apk/model/architecture.h"
#include "builder/report/image_difference.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// What an image's tree is, measured by its own database: what the packages brought, by their own
/// checksums. In differences "before" is what the database says, "after" what is there.
struct PackageCheck {
  bool has_database = false;  ///< without one there is nothing to measure by
  std::size_t packages = 0;
  std::size_t paths = 0;  ///< files, links and directories of packages

  /// What packages brought, and is another or gone.
  std::vector<FileDifference> differences;
  /// Files below etc with another content. Scripts and people write there; whether it should be so
  /// follows from nothing in the image.
  std::vector<FileDifference> configuration;
  /// What a `prune` of the recipe leaves out as a whole, by its names ("man"), and how many paths.
  std::vector<std::string> pruned;
  std::size_t pruned_paths = 0;
  std::vector<std::string> unowned;  ///< files and links that no package brought, in order
  /// Of these, the names of the busybox program's links.
  std::size_t busybox_links = 0;
  /// What does not fit together in the database: lines for a person.
  std::vector<std::string> faults;

  bool is_sound() const { return differences.empty() && faults.empty(); }
};

/// Checks every file, link and directory that the database lists (content or target by SHA-1, type,
/// mode, owner, extended attributes; a directory that several packages have may be as any of them
/// has it), and the database itself: names given once, architectures, dependencies and world
/// fulfilled, scripts and triggers of packages that are there. Throws what reading contents throws;
/// a database that cannot be read is a fault.
PackageCheck check_packages(const Rootfs& rootfs, const apk::Architecture& architecture);

}  // namespace tarn::builder
