#pragma once

#include <set>
#include <string>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/model/package.h"

namespace tarn::test {

/// What is wrong with a plan for `world`, in words; empty when it is sound. A judge beside the
/// solver: it goes by what packages say of themselves alone, and knows nothing of how a plan is
/// made.
///
///   - every constraint of world and of each package holds, whoever states it;
///   - a name that one package has with a version belongs to that package alone;
///   - no package is uninstallable, or in the plan twice;
///   - each package is there for a reason (see needed_by()).
std::vector<std::string> plan_faults(const std::vector<apk::Package>& plan,
                                     const std::vector<apk::Dependency>& world);

/// The packages of a plan, by place, that `world` brings in: what satisfies an entry of it, what
/// satisfies a dependency of such a package, and those whose install_if such packages complete.
std::set<std::size_t> needed_by(const std::vector<apk::Dependency>& world,
                                const std::vector<apk::Package>& plan);

/// Whether a package that has `version` of the name (empty: none) is what the constraint speaks of,
/// be that wanted or forbidden.
bool is_meant(const apk::Dependency& constraint, const std::string& version,
              const apk::Package& package);

/// The names a package has: its own, and what it provides.
std::vector<apk::Provide> names_of(const apk::Package& package);

}  // namespace tarn::test
