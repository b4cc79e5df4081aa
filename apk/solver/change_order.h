#pragma once

#include <vector>

#include "apk/solver/search.h"

namespace tarn::apk {

/// What happens to one package, or to one version of it in favour of another. Both the same: it
/// stays.
struct PackageChange {
  PackageId before = kNoPackage;  ///< none: it is new
  PackageId after = kNoPackage;   ///< none: it goes

  bool operator==(const PackageChange&) const = default;
};

/// What the root has before the changes: what the search knows as installed, or nothing.
enum class StartingRoot { installed, empty };

/// The changes from there to the chosen packages, in apk's order. First goes what nothing needs any
/// more. Then for each entry of world in turn, depth first: what has to leave before a package,
/// what the package depends on (in its own order), the package, what its being there completes the
/// install_if of, and what only its older version needed. A package leaves after all that depend on
/// it.
std::vector<PackageChange> change_order(const Search& search, StartingRoot root);

}  // namespace tarn::apk
