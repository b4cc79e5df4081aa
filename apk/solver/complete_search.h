#pragma once

#include <cstddef>
#include <vector>

#include "apk/solver/diagnosis.h"
#include "apk/solver/universe.h"

namespace tarn::apk {

/// A choice of packages that satisfies a world, or that there is none.
struct CompleteResult {
  Verdict verdict = Verdict::unknown;  ///< never not_asked
  std::vector<PackageId> packages;     ///< of a possible one, in the order of their choice
  std::size_t steps = 0;               ///< that it took
};

/// Looks for a choice of packages that satisfies all dependencies and conflicts of `world`, however
/// many ways there are. Of a name's providers it tries first what apk likes best: untagged ones,
/// high versions, high priorities. Unlike apk it does not mind names that are only provided without
/// version, and packages' install_if force nothing. A tag is allowed for all that an entry with it
/// can lead to. Packages are taken from `repositories`, and from what is installed.
///
/// It learns from its errors (conflict-driven clause learning), so each is made once. After
/// `most_steps` it gives up.
CompleteResult search_completely(Universe& universe, const std::vector<Dependency>& world,
                                 Mask repositories, std::size_t most_steps);

}  // namespace tarn::apk
