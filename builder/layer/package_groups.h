#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "apk/database/installed.h"

namespace tarn::builder {

/// The packages that share a layer.
struct PackageGroup {
  std::vector<std::size_t> packages;  ///< places in order of installation, ascending
  std::uint64_t size = 0;             ///< octets, the sum of their installed sizes
};

/// Groups packages for an image of several layers, by the rules of apko's strategy `origin`:
/// packages of one origin stay together (one without origin is its own), and with them those that
/// they replace, as `replaces` with its versions says; the largest groups stand first, those of
/// equal size in order of the last of their packages' names; of more than `budget` groups all from
/// the last place on become one. A budget of 0 counts as 1. No packages make no groups.
std::vector<PackageGroup> group_packages(std::span<const apk::InstalledPackage> packages,
                                         std::size_t budget);

}  // namespace tarn::builder
