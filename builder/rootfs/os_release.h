#pragma once

#include <string>
#include <vector>

#include "apk/model/repository.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// What etc/os-release says of an image (os-release(5)). Empty fields are left out.
struct OsRelease {
  std::string name;
  std::string id;
  std::string version_id;
  std::string pretty_name;
};

/// What the repositories tell of the system: Alpine and its branch when the first repository whose
/// path names one says so (".../alpine/v3.22/main", ".../alpine/edge/main"), else plain Linux.
OsRelease os_release_of(const std::vector<apk::Repository>& repositories);

/// Writes etc/os-release, unless one is there (in etc or usr/lib) that is not the skeleton's.
/// Returns whether it did.
bool write_os_release_fallback(Rootfs& rootfs, const OsRelease& release);

}  // namespace tarn::builder
