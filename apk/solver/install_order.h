#pragma once

#include <vector>

#include "apk/solver/search.h"

namespace tarn::apk {

/// The chosen packages in the order in which apk installs them into an empty root: for each entry
/// of world in turn, depth first, what a package depends on (in its own order), the package, then
/// what its being there completes the install_if of.
std::vector<PackageId> install_order(const Search& search);

}  // namespace tarn::apk
