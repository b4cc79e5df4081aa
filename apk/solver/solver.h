#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "apk/index/binary_index.h"
#include "apk/model/dependency.h"
#include "apk/model/package.h"
#include "apk/solver/problem.h"

namespace tarn::apk {

/// How the packages of a repository can be had.
enum class Availability {
  reachable,    ///< offered, and can be fetched
  unreachable,  ///< offered, but there is no network: only what is installed can be chosen
  cached,       ///< not offered, but at hand: what the package cache keeps of an installed system
  given,        ///< named by the user: package files and virtual packages
};

/// An index the solver may choose from. The order of repositories counts: apk has those of the
/// cache first, then those of its files; what is given comes last.
struct SolverRepository {
  const BinaryIndex* index = nullptr;  ///< not looked at where a request has it joined
  std::string tag;                     ///< without '@'; empty: untagged
  Availability availability = Availability::reachable;
};

/// A leaning in the choice among packages; values are joined to sets with `|`. Without any, an
/// installed version stays where it satisfies all who need it.
enum class Wish : std::uint8_t {
  none = 0,
  upgrade = 1,    ///< the highest version, whatever is installed
  keep = 2,       ///< what is installed, even where an upgrade is wished
  latest = 4,     ///< the highest version there is; where that is impossible there is no plan
  available = 8,  ///< what can be had from a repository, before what is only installed
  reinstall = 16,
  remove = 32,  ///< its being installed counts for nothing
};

constexpr Wish operator|(Wish left, Wish right) {
  return static_cast<Wish>(static_cast<unsigned>(left) | static_cast<unsigned>(right));
}

/// Whether a set of wishes has any of `wish`.
constexpr bool has(Wish wishes, Wish wish) {
  return (static_cast<unsigned>(wishes) & static_cast<unsigned>(wish)) != 0;
}

/// Wishes for the packages that have or provide a name.
struct NameWish {
  std::string name;
  Wish wish = Wish::none;
  Wish inherited = Wish::none;  ///< for all that these packages need, too
};

/// A package that is there already: of a root's database, or of an older plan.
struct PresentPackage {
  Package package;
  std::string tag;  ///< of the repository it was taken from; without '@', empty: untagged
};

/// How much of what is installed may change: whatever is better otherwise; or, as when apk upgrades
/// itself first, only names that Wish::upgrade is for and what cannot stay beside them.
enum class Scope { all, upgraded_names };

/// What to do about entries of world that cannot be satisfied.
enum class BrokenWorld { refused, left_out };

/// What the solver is asked: a world to plan, with what is there already.
///
/// To change an older plan as little as possible: its packages as `installed`, Wish::available as
/// `wish` (so that no version stays that has gone from the repositories), and Wish::upgrade in
/// `wishes` for the names to upgrade.
struct Request {
  std::vector<std::string> architectures;  ///< packages of these, and `noarch`, may be installed
  std::vector<SolverRepository> repositories;
  std::vector<Dependency> world;
  /// One index of the first joined->source_count() repositories, where it is at hand: joining them
  /// takes time.
  const BinaryIndex* joined = nullptr;
  std::vector<PresentPackage> installed = {};  ///< in the database's order: by name
  Wish wish = Wish::none;                      ///< for all that world asks for and that it needs
  std::vector<NameWish> wishes = {};           ///< for some names, besides
  Scope scope = Scope::all;
  BrokenWorld broken_world = BrokenWorld::refused;
};

/// The number of no repository: of a package that is only installed.
constexpr std::size_t kNoRepository = SIZE_MAX;

/// One package of a plan.
struct PlannedPackage {
  Package package;
  std::size_t repository = 0;  ///< the lowest-numbered one that has it and may be used for it
  std::string tag;             ///< of that repository, where it was taken because of a pinning
};

/// The packages of one architecture in install order.
struct Plan {
  std::vector<PlannedPackage> packages;
  std::vector<Dependency> left_out = {};  ///< of world; only with BrokenWorld::left_out
};

/// The packages apk would have in the root, in the order in which it installs them into an empty
/// one, or why there is no plan. Throws Error (usage) for more repositories than a request may have
/// (63).
std::variant<Plan, std::vector<Problem>> solve(const Request& request);

/// solve(), with problems thrown as UnsatisfiableError made by explain().
Plan resolve(const Request& request, const Origins& origins = {});

}  // namespace tarn::apk
