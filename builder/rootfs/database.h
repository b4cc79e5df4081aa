#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apk/database/installed.h"
#include "apk/model/dependency.h"
#include "apk/model/repository.h"
#include "apk/trust/keyring.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// What apk inside the image finds of how it was made.
struct DatabaseContents {
  std::span<const apk::InstalledPackage> packages;  ///< in order of installation
  std::vector<apk::Dependency> world;               ///< what was asked for, not the closure
  std::vector<std::string> architectures;           ///< apk's names, the primary one first
  std::vector<apk::Repository> repositories;        ///< for etc/apk/repositories; none: no file
  std::vector<apk::PublicKey> keys;                 ///< for etc/apk/keys
};

/// Writes lib/apk/db/{installed,scripts.tar,triggers}, etc/apk/{world,arch,repositories} and the
/// keys into the rootfs, so that apk in it works as if it had installed the packages itself. A key
/// file that a package brought stays as it is. `lib` may be a link. An empty lib/apk/exec is
/// removed, as apk 3 does. Throws Error (failed) when something else stands in the way, or for a
/// key whose name is no file name.
void write_apk_database(Rootfs& rootfs, const DatabaseContents& contents);

/// Removes etc/apk and lib/apk with all in them: an image that apk knows nothing of.
void drop_apk_database(Rootfs& rootfs);
/// What it removes.
inline constexpr std::array<std::string_view, 2> apk_database_folders = {"etc/apk", "lib/apk"};

}  // namespace tarn::builder
