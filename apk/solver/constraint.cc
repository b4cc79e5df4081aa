// Constraints: what it means that world or a chosen package wants, or forbids, something.

#include "apk/solver/search.h"

namespace tarn::apk {

void Search::apply_world(const WorldEntry& entry) {
  const std::string& tag_text = entry.dependency->tag;
  if (!tag_text.empty()) {
    const auto number = universe_.tag_number(tag_text);
    if (number.has_value()) {
      const Mask tag = Mask{1} << *number;
      for (const Provider& provider : universe_.providers(entry.need.name)) {
        if (satisfies(provider, entry.need)) inherit_tags(provider.package, tag, tag);
      }
    }
  }
  apply(kNoPackage, entry.need);
}

void Search::apply_depends(PackageId by) {
  if (packages_[by].applied) return;
  packages_[by].applied = true;
  for (const Need& need : universe_.depends(by)) apply(by, need);
}

/// Puts one constraint in force. `by` is kNoPackage for world.
void Search::apply(PackageId by, const Need& need) {
  NameState& state = names_[need.name];
  const bool is_own = need.conflict && state.chosen.package == by;
  if (state.decided && !is_own && !is_chosen_right(state, need)) {
    ++failures_;
    if (by != kNoPackage) failed_.push_back(by);
  }
  const Mask allowed = by == kNoPackage ? 0 : packages_[by].allowed_tags;
  for (const Provider& provider : universe_.providers(need.name)) {
    if (need.conflict && provider.package == by) continue;
    PackageState& candidate = packages_[provider.package];
    if (!satisfies(provider, need)) {
      ++candidate.conflicts;
      if (candidate.selectable && !state.decided) disqualify(provider.package);
    } else if (!need.conflict) {
      inherit_tags(provider.package, allowed, 0);
    }
  }
  if (!need.conflict) require(need.name);
}

void Search::require(NameId id) {
  NameState& state = names_[id];
  if (state.requirers++ != 0) return;
  mark_dirty(id);
  // A package that is asked for by name may now be chosen for what it provides without version.
  for (const Provider& provider : universe_.providers(id)) {
    if (universe_.name_of(provider.package) != id) continue;
    for (const Offer& offer : universe_.offers(provider.package)) {
      if (offer.version.empty()) mark_dirty(offer.name);
    }
  }
}

void Search::inherit_tags(PackageId to, Mask allowed, Mask preferred) {
  PackageState& state = packages_[to];
  if (preferred != 0) state.preferred_tags = preferred;
  state.allowed_tags |= allowed;
  const Mask tags = universe_.tags(to);
  const bool is_preferred = (tags & state.preferred_tags) != 0;
  const bool is_allowed = (tags & (state.allowed_tags | state.preferred_tags)) != 0;
  if (is_preferred == state.tag_preferred && is_allowed == state.tag_allowed) return;
  state.tag_preferred = is_preferred;
  state.tag_allowed = is_allowed;
  for (const Offer& offer : universe_.offers(to)) mark_dirty(offer.name);
}

/// Takes a package out of the choice, with the consequences for those that depend on it.
void Search::disqualify(PackageId id) {
  PackageState& state = packages_[id];
  if (!state.selectable) return;
  state.selectable = false;
  for (const Offer& offer : universe_.offers(id)) {
    mark_dirty(offer.name);
    dependents_changed(offer.name);
  }
}

bool Search::satisfies(const Provider& provider, const Need& need) const {
  return need.is_satisfied_by(provider.version, universe_.identity(provider.package));
}

/// Whether a decided name satisfies a dependency.
bool Search::is_chosen_right(const NameState& state, const Need& need) const {
  return state.chosen.package == kNoPackage ? need.conflict : satisfies(state.chosen, need);
}

/// Whether what is known still leaves a way to satisfy a dependency of package `by`.
bool Search::can_satisfy(PackageId by, const Need& need) const {
  const NameState& state = names_[need.name];
  if (state.decided) {
    return (need.conflict && state.chosen.package == by) || is_chosen_right(state, need);
  }
  if (need.conflict) return true;
  for (const Provider& provider : universe_.providers(need.name)) {
    if (packages_[provider.package].selectable && satisfies(provider, need)) return true;
  }
  return false;
}

}  // namespace tarn::apk
