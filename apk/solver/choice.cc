#include "apk/solver/choice.h"

#include <algorithm>
#include <bit>
#include <set>

#include "apk/model/version.h"

namespace tarn::apk {
namespace {

/// How many packages that are not in the plan either are looked at for what a rival needs.
constexpr std::size_t kMostVisits = 16;

Loss lost(LossReason reason) {
  Loss loss;
  loss.reason = reason;
  return loss;
}

/// Looks for a fact that keeps a package out of a plan.
class Obstacles {
 public:
  explicit Obstacles(const Selection& selection)
      : selection_(selection), universe_(selection.universe()) {}

  /// Packages that hold `name` stand in nobody's way: the rival would take their place.
  std::optional<Loss> find(PackageId id, std::optional<NameId> name) {
    if (auto loss = find_in_itself(selection_, id)) return loss;
    if (auto loss = find_exclusion(id, name)) return loss;
    if (auto loss = find_taken_name(id, name)) return loss;
    return find_unsatisfied(id, name);
  }

  static std::optional<Loss> find_in_itself(const Selection& selection, PackageId id) {
    const Universe& universe = selection.universe();
    if (!universe.is_installable(id)) {
      return lost(universe.is_broken(id) ? LossReason::broken : LossReason::architecture);
    }
    if (!selection.is_tag_allowed(id)) return lost(LossReason::tag);
    return std::nullopt;
  }

 private:
  std::optional<Loss> find_exclusion(PackageId id, std::optional<NameId> name) const {
    for (const Offer& offer : universe_.offers(id)) {
      for (const Constraint& constraint : selection_.constraints(offer.name)) {
        if (satisfies(universe_, {id, offer.version}, constraint.dependency)) continue;
        if (constraint.by != kNoPackage && gives_way(constraint.by, id, name)) continue;
        Loss loss = lost(LossReason::excluded);
        loss.by = constraint.by;
        loss.dependency = constraint.dependency;
        return loss;
      }
    }
    return std::nullopt;
  }

  std::optional<Loss> find_taken_name(PackageId id, std::optional<NameId> name) const {
    for (const Offer& offer : universe_.offers(id)) {
      if (name && offer.name == *name) continue;
      for (const Provider& holder : selection_.holders(offer.name)) {
        if (holder.is_virtual() && offer.version.empty()) continue;
        if (gives_way(holder.package, id, name)) continue;
        Loss loss = lost(LossReason::taken_name);
        loss.by = holder.package;
        loss.name = universe_.text(offer.name);
        return loss;
      }
    }
    return std::nullopt;
  }

  /// Whether `holder` would leave the plan if `id` came in: it has the name in question too, or is
  /// another version of the same package.
  bool gives_way(PackageId holder, PackageId id, std::optional<NameId> name) const {
    if (universe_.name_of(holder) == universe_.name_of(id)) return true;
    if (!name) return false;
    return std::ranges::any_of(universe_.offers(holder),
                               [&](const Offer& offer) { return offer.name == *name; });
  }

  std::optional<Loss> find_unsatisfied(PackageId id, std::optional<NameId> name) {
    if (visited_.size() >= kMostVisits || !visited_.insert(id).second) return std::nullopt;
    for (const Dependency& dependency : selection_.depends(id)) {
      const auto wanted = universe_.find(dependency.name);
      Loss loss = lost(LossReason::unsatisfied);
      loss.dependency = dependency;
      if (dependency.conflict) {
        if (!wanted) continue;
        for (const Provider& holder : selection_.holders(*wanted)) {
          if (satisfies(universe_, holder, dependency)) continue;
          if (gives_way(holder.package, id, name)) continue;
          loss.by = holder.package;
          return loss;
        }
      } else if (selection_.answers(dependency).empty()) {
        const auto holders = wanted ? selection_.holders(*wanted) : std::vector<Provider>{};
        if (!holders.empty() && !gives_way(holders.front().package, id, name)) {
          loss.by = holders.front().package;
          return loss;
        }
        if (!wanted || !can_come(*wanted, dependency)) return loss;
      }
    }
    return std::nullopt;
  }

  /// Whether a package that is not in the plan could come to satisfy a dependency.
  bool can_come(NameId name, const Dependency& dependency) {
    return std::ranges::any_of(universe_.providers(name), [&](const Provider& provider) {
      return satisfies(universe_, provider, dependency) && !find(provider.package, name);
    });
  }

  const Selection& selection_;
  const Universe& universe_;
  std::set<PackageId> visited_;
};

/// The first difference that the solver looks at and a person can see, for a rival that is worse in
/// it. Nothing where the rival is as good or better.
std::optional<LossReason> find_difference(const Selection& selection, const Provider& rival,
                                          const Provider& chosen) {
  const Universe& universe = selection.universe();
  const bool is_preferred = selection.is_tag_preferred(rival.package);
  if (is_preferred != selection.is_tag_preferred(chosen.package)) {
    return is_preferred ? std::nullopt : std::optional(LossReason::other_tag);
  }
  if (!rival.is_virtual() && !chosen.is_virtual()) {
    const auto order = compare_versions(rival.version, chosen.version);
    if (order != 0) return order < 0 ? std::optional(LossReason::lower_version) : std::nullopt;
  }
  if (universe.name_of(rival.package) == universe.name_of(chosen.package)) {
    const auto order =
        compare_versions(universe.version(rival.package), universe.version(chosen.package));
    if (order != 0) return order < 0 ? std::optional(LossReason::lower_version) : std::nullopt;
  }
  const std::uint32_t priority = universe.provider_priority(rival.package);
  const std::uint32_t chosen_priority = universe.provider_priority(chosen.package);
  if (priority != chosen_priority) {
    return priority < chosen_priority ? std::optional(LossReason::lower_priority) : std::nullopt;
  }
  return std::nullopt;
}

/// Whether a difference that find_difference() did not see as a loss speaks for the rival.
bool is_equal(const Selection& selection, const Provider& rival, const Provider& chosen) {
  return !find_difference(selection, rival, chosen) && !find_difference(selection, chosen, rival);
}

bool is_unnamed(const Selection& selection, const Provider& rival, NameId name) {
  const Universe& universe = selection.universe();
  const NameId own = universe.name_of(rival.package);
  return rival.is_virtual() && own != name && universe.provider_priority(rival.package) == 0 &&
         !selection.is_asked_for(own);
}

/// Whether a rival could not have answered to `offer` of the chosen package either.
bool loses_at(const Selection& selection, const Offer& offer, PackageId rival, PackageId chosen) {
  for (const Offer& other : selection.universe().offers(rival)) {
    if (other.name != offer.name) continue;
    const Provider provider{rival, other.version};
    return is_unnamed(selection, provider, offer.name) ||
           find_difference(selection, provider, {chosen, offer.version});
  }
  return true;
}

/// What else brought the chosen package, and would not have brought the rival.
std::optional<Loss> find_other_wish(const Selection& selection, NameId name, PackageId rival,
                                    PackageId chosen) {
  const Universe& universe = selection.universe();
  for (const Offer& offer : universe.offers(chosen)) {
    if (offer.name == name || !loses_at(selection, offer, rival, chosen)) continue;
    for (const Constraint& constraint : selection.constraints(offer.name)) {
      if (constraint.dependency.conflict) continue;
      Loss loss = lost(LossReason::chosen_otherwise);
      loss.by = constraint.by;
      loss.dependency = constraint.dependency;
      return loss;
    }
  }
  if (selection.is_triggered(chosen)) return lost(LossReason::chosen_by_condition);
  return std::nullopt;
}

Loss why_lost(const Selection& selection, NameId name, const Provider& rival,
              const Provider& chosen) {
  const Universe& universe = selection.universe();
  if (auto loss = Obstacles::find_in_itself(selection, rival.package)) return *loss;
  if (is_unnamed(selection, rival, name)) return lost(LossReason::unnamed);
  if (const auto reason = find_difference(selection, rival, chosen)) return lost(*reason);
  if (auto loss = find_obstacle(selection, rival.package, name)) return *loss;
  if (auto loss = find_other_wish(selection, name, rival.package, chosen.package)) return *loss;
  if (!is_equal(selection, rival, chosen)) return lost(LossReason::earlier_decision);
  const auto first_of = [&](const Provider& provider) {
    return std::countr_zero(universe.repositories(provider.package));
  };
  if (first_of(rival) != first_of(chosen)) {
    return lost(first_of(rival) > first_of(chosen) ? LossReason::later_repository
                                                   : LossReason::earlier_decision);
  }
  return lost(rival.package > chosen.package ? LossReason::later_in_repository
                                             : LossReason::earlier_decision);
}

}  // namespace

std::string_view code(LossReason reason) {
  switch (reason) {
    case LossReason::architecture:
      return "architecture";
    case LossReason::broken:
      return "broken";
    case LossReason::tag:
      return "tag";
    case LossReason::unnamed:
      return "unnamed";
    case LossReason::other_tag:
      return "other-tag";
    case LossReason::lower_version:
      return "lower-version";
    case LossReason::lower_priority:
      return "lower-priority";
    case LossReason::excluded:
      return "excluded";
    case LossReason::unsatisfied:
      return "unsatisfied";
    case LossReason::taken_name:
      return "taken-name";
    case LossReason::chosen_otherwise:
      return "chosen-otherwise";
    case LossReason::chosen_by_condition:
      return "chosen-by-condition";
    case LossReason::later_repository:
      return "later-repository";
    case LossReason::later_in_repository:
      return "later-in-repository";
    case LossReason::earlier_decision:
      break;
  }
  return "earlier-decision";
}

std::vector<Rival> find_rivals(const Selection& selection, NameId name, PackageId chosen) {
  const Universe& universe = selection.universe();
  Provider winner;
  for (const Provider& provider : universe.providers(name)) {
    if (provider.package == chosen) winner = provider;
  }
  std::vector<Rival> rivals;
  if (winner.package == kNoPackage) return rivals;
  for (const Provider& provider : universe.providers(name)) {
    if (selection.contains(provider.package)) continue;
    // A package may provide a name twice.
    if (!rivals.empty() && rivals.back().package == provider.package) continue;
    rivals.push_back(
        {provider.package, name, provider.version, why_lost(selection, name, provider, winner)});
  }
  std::ranges::stable_sort(rivals, [&](const Rival& a, const Rival& b) {
    return compare_versions(a.version, b.version) > 0;
  });
  return rivals;
}

std::optional<Loss> find_obstacle(const Selection& selection, PackageId id,
                                  std::optional<NameId> name) {
  return Obstacles(selection).find(id, name);
}

}  // namespace tarn::apk
