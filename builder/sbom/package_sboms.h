#pragma once

#include <cstdint>
#include <span>

#include "apk/database/installed.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// Whether an image has documents about its packages in it.
enum class PackageSboms { left_out, written };

/// Writes var/lib/db/sbom/NAME-VERSION.spdx.json for each package, where it brought none: as
/// packages have them that are built with their own SBOM. They are functions of the package, of
/// what etc/os-release says, and of `created` (seconds since 1970).
void write_package_sboms(Rootfs& rootfs, std::span<const apk::InstalledPackage> packages,
                         std::int64_t created);

}  // namespace tarn::builder
