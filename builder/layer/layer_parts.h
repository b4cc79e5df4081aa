#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "apk/database/installed.h"
#include "builder/layer/package_groups.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// The part of a rootfs that one of several layers brings.
struct LayerPart {
  Rootfs rootfs;           ///< shares its nodes, but for directories, with the whole
  std::int64_t epoch = 0;  ///< seconds; the time for its directories and generated files
};

/// Splits a rootfs into a part for each group of packages and one on top of them, which together,
/// each unpacked over those before it, are the rootfs:
///
/// * What a package brought, but for directories, lies in its group's part, with the directories
///   above it. The part's epoch is the newest build time among the group's packages, so that it
///   does not change with the packages of other parts; `epoch` bounds it.
/// * The top has every directory, so that these have the times that they have in an image of one
///   layer, and what no package brought. Its epoch is `epoch`.
/// * Names that share a file lie in one part: the topmost to which one of them belongs. Links over
///   layers are read in different ways.
/// * Each part of packages has a lib/apk/db/installed with its own packages, where the rootfs has
///   one, for those who look into single layers.
///
/// `packages` are those installed: Owner{n} is the n-th, and each is in one group.
std::vector<LayerPart> split_rootfs(const Rootfs& rootfs,
                                    std::span<const apk::InstalledPackage> packages,
                                    const std::vector<PackageGroup>& groups, std::int64_t epoch);

}  // namespace tarn::builder
