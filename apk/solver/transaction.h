#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/model/package.h"
#include "apk/solver/problem.h"
#include "apk/solver/solver.h"
#include "apk/solver/universe.h"

namespace tarn::apk {

enum class ChangeKind {
  stay,       ///< the same package
  install,    ///< a new name
  upgrade,    ///< a higher version
  downgrade,  ///< a lower version
  replace,    ///< another package of the same version
  reinstall,  ///< the same package again, as it was wished
  retag,      ///< the same package, from now on of a repository with another tag
  purge,      ///< without a successor
};

/// What happens to one package of a root.
struct Change {
  ChangeKind kind = ChangeKind::stay;
  std::optional<Package> before;           ///< none: install
  std::optional<Package> after;            ///< none: purge
  std::string tag_before;                  ///< the repository's, without '@'; empty: untagged
  std::string tag;                         ///< that of `after`
  std::size_t repository = kNoRepository;  ///< that of `after`: the lowest with this tag

  const Package& package() const { return after ? *after : before.value(); }
};

/// What is to be done to a root, in apk's order.
struct Transaction {
  std::vector<Change> changes;       ///< with those that stay
  std::vector<Dependency> left_out;  ///< of world; only with BrokenWorld::left_out
  /// Names of packages that are there afterwards, and that no repository offers; sorted.
  std::vector<std::string> unavailable;
};

/// A word for it as apk's messages have it: "Installing", "Updating pinning", …
std::string_view message_of(ChangeKind kind);

/// What apk would do to bring the request's installed packages to its world, or why that cannot be.
/// Throws Error (usage) for too many repositories.
std::variant<Transaction, std::vector<Problem>> transact(const Request& request);

/// As transact(), in a universe of the request's repositories and installed packages.
std::variant<Transaction, std::vector<Problem>> transact_in(Universe& universe,
                                                            const Request& request);

}  // namespace tarn::apk
