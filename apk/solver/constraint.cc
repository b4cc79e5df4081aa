// Constraints: what it means that world or a chosen package wants, or forbids, something.

#include "apk/solver/search.h"

namespace tarn::apk {

void Search::apply_world(const WorldEntry& entry) {
  if (entry.left_out) return;
  const auto number = universe_.tag_number(entry.dependency->tag);
  const Mask tag = number.has_value() ? Mask{1} << *number : kUntagged;
  for (const Provider& provider : universe_.providers(entry.need.name)) {
    if (satisfies(provider, entry.need)) inherit_from_world(provider.package, tag);
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
  for (const Provider& provider : universe_.providers(need.name)) {
    if (need.conflict && provider.package == by) continue;
    PackageState& candidate = packages_[provider.package];
    if (!satisfies(provider, need)) {
      ++candidate.conflicts;
      if (candidate.selectable && !state.decided) disqualify(provider.package);
    } else if (!need.conflict && by != kNoPackage) {
      inherit(provider.package, by);
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

/// What a package needs may come from where it may come from, and is wished for as it is.
void Search::inherit(PackageId to, PackageId from) {
  PackageState& state = packages_[to];
  state.wish = state.wish | packages_[from].inherited;
  state.inherited = state.inherited | packages_[from].inherited;
  state.allowed_tags |= packages_[from].allowed_tags;
  if (state.tag_allowed || (tags(to) & state.allowed_tags) == 0) return;
  state.tag_allowed = true;
  tags_changed(to);
}

void Search::inherit_from_world(PackageId to, Mask tag) {
  PackageState& state = packages_[to];
  state.wish = state.wish | terms_.wish;
  state.inherited = state.inherited | terms_.wish;
  state.allowed_tags |= tag;
  state.preferred_tags = tag;
  const bool is_preferred = (tags(to) & tag) != 0;
  const bool is_allowed = state.tag_allowed || (tags(to) & state.allowed_tags) != 0;
  if (is_preferred == state.tag_preferred && is_allowed == state.tag_allowed) return;
  state.tag_preferred = is_preferred;
  state.tag_allowed = is_allowed;
  tags_changed(to);
}

void Search::tags_changed(PackageId id) {
  for (const Offer& offer : universe_.offers(id)) mark_dirty(offer.name);
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
