#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/solver/solver.h"
#include "apk/solver/universe.h"

namespace tarn::apk {

/// A constraint that holds in a plan.
struct Constraint {
  PackageId by = kNoPackage;  ///< whose it is; kNoPackage: world's
  Dependency dependency;      ///< as written
};

/// A plan among all the packages it was chosen from.
class Selection {
 public:
  /// `plan` must be one for this world and these packages. The universe must outlive it.
  Selection(Universe& universe, std::vector<Dependency> world, const Plan& plan);

  const Universe& universe() const { return universe_; }
  const std::vector<Dependency>& world() const { return world_; }
  /// Number i is the plan's package i.
  const std::vector<PackageId>& packages() const { return packages_; }
  bool contains(PackageId id) const { return contained_.contains(id); }
  /// What a package depends on.
  std::vector<Dependency> depends(PackageId id) const { return universe_.package(id).depends; }

  /// The packages of the plan that have a name: the one that owns it by version, else all that
  /// provide it without.
  std::vector<Provider> holders(NameId name) const;
  /// Those of the holders that satisfy a dependency; none for a conflict.
  std::vector<PackageId> answers(const Dependency& dependency) const;
  /// What world and the plan's packages ask of a name: world's first, then in install order.
  std::span<const Constraint> constraints(NameId name) const;
  /// Whether something asks for the name (and not only forbids it).
  bool is_asked_for(NameId name) const;

  /// Whether a package of the plan has an install_if, all of which holds.
  bool is_triggered(PackageId id) const;

  /// Whether the package may come from one of its repositories: it has an untagged one, or one
  /// whose tag world allows for it or for what needs it, or it has no size.
  bool is_tag_allowed(PackageId id) const;
  /// Whether one of its repositories is as world prefers it for the package.
  bool is_tag_preferred(PackageId id) const;

 private:
  /// The tags a package may have.
  struct Tags {
    Mask allowed = kUntagged;
    Mask preferred = kUntagged;
  };

  PackageId find(const PlannedPackage& planned) const;
  void add_constraint(PackageId by, const Dependency& dependency);
  void add_tags();
  bool pass_tags_on(PackageId from);
  Tags tags(PackageId id) const;
  bool is_empty(PackageId id) const;

  Universe& universe_;
  std::vector<Dependency> world_;
  std::vector<PackageId> packages_;
  std::set<PackageId> contained_;
  std::map<NameId, std::vector<Constraint>> constraints_;
  std::map<PackageId, Tags> tags_;  ///< where they are not the usual ones
};

/// Whether a provider satisfies a dependency on the name it provides.
bool satisfies(const Universe& universe, const Provider& provider, const Dependency& dependency);

}  // namespace tarn::apk
