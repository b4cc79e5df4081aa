#pragma once

#include <string>
#include <vector>

#include "apk/solver/universe.h"

namespace tarn::builder {

/// What is looked for. A pattern with '*', '?' or '[' is a glob that must fit a whole name, another
/// one must be part of a name; case does not count.
struct PackageQuery {
  enum class Match { pattern, exact };  ///< exact: a pattern must be the name, letter by letter
  enum class Where { names, names_and_descriptions };

  std::vector<std::string> patterns;  ///< one of them must be found
  Match match = Match::pattern;
  Where where = Where::names;
};

/// A package that was found.
struct FoundPackage {
  apk::PackageId package = apk::kNoPackage;
  /// The names it provides that were found, where its own name was not.
  std::vector<std::string> provides;
};

/// The packages whose name, provided names or description are looked for: by name, then the highest
/// version first, then in the order of repositories.
std::vector<FoundPackage> search_packages(const apk::Universe& universe, const PackageQuery& query);

/// For each of `packages`: those that depend on a name it has, in the order of the repositories.
std::vector<std::vector<apk::PackageId>> find_dependents(
    const apk::Universe& universe, const std::vector<apk::PackageId>& packages);

}  // namespace tarn::builder
