// Reconsidering a name: what follows from the decisions and constraints there are so far.

#include <algorithm>

#include "apk/solver/search.h"

namespace tarn::apk {

void Search::reconsider(NameId id) {
  NameState& state = names_[id];
  if (state.decided) return;
  if (state.check_depends) drop_unsatisfiable(id);
  if (state.check_triggers) check_triggers(id);

  std::size_t candidates = 0;
  state.has_triggered = state.has_selectable = state.has_choice = false;
  for (const Provider& provider : universe_.providers(id)) {
    const PackageState& package = packages_[provider.package];
    if (!package.selectable) continue;
    if (package.triggered) state.has_triggered = true;
    if (is_selectable_alone(id, provider)) state.has_selectable = true;
    if (!is_candidate(provider)) continue;
    ++candidates;
    if (!package.tag_allowed) state.has_choice = true;
  }
  if (candidates > 1) state.has_choice = true;
  if (state.requirers > 0) merge_candidates(id, candidates);
  state.dependents_done = are_dependents_done(id);
  enqueue(id);
}

void Search::drop_unsatisfiable(NameId id) {
  names_[id].check_depends = false;
  for (const Provider& provider : universe_.providers(id)) {
    if (!packages_[provider.package].selectable) continue;
    const auto depends = universe_.depends(provider.package);
    if (!std::all_of(depends.begin(), depends.end(),
                     [&](const Need& need) { return can_satisfy(provider.package, need); })) {
      disqualify(provider.package);
    }
  }
}

void Search::check_triggers(NameId id) {
  names_[id].check_triggers = false;
  for (const Provider& provider : universe_.providers(id)) {
    if (universe_.install_if(provider.package).empty()) continue;
    packages_[provider.package].triggered = is_triggered(provider.package);
  }
}

bool Search::is_triggered(PackageId id) {
  for (const Need& need : universe_.install_if(id)) {
    const NameState& state = names_[need.name];
    if (!state.decided || !is_chosen_right(state, need)) return false;
  }
  for (const Need& need : universe_.install_if(id)) {
    const PackageId chosen = names_[need.name].chosen.package;
    if (chosen != kNoPackage) inherit(id, chosen);
  }
  return true;
}

/// With one candidate its dependencies hold at once; with several, what they have in common does.
void Search::merge_candidates(NameId id, std::size_t count) {
  const auto providers = universe_.providers(id);
  for (const Provider& provider : providers) {
    packages_[provider.package].merged = is_candidate(provider);
  }
  if (!names_[id].has_choice) {
    for (const Provider& provider : providers) {
      if (is_candidate(provider)) apply_depends(provider.package);
    }
  }
  if (count == 0) return;

  ++merge_round_;
  PackageId first = kNoPackage;
  for (const Provider& provider : providers) {
    const PackageId package = provider.package;
    if (!is_candidate(provider)) continue;
    if (first == kNoPackage) first = package;
    for (const Need& need : universe_.depends(package)) {
      if (!need.conflict) count_merge(need.name, false);
    }
  }
  for (const Need& need : universe_.depends(first)) {
    NameState& state = names_[need.name];
    if (state.merge_round == merge_round_ && state.merge_count == count && !state.decided &&
        state.requirers == 0) {
      require(need.name);
    }
  }

  ++merge_round_;
  for (const Provider& provider : providers) {
    if (!is_candidate(provider)) continue;
    for (const Offer& offer : universe_.offers(provider.package)) {
      count_merge(offer.name, offer.version.empty());
    }
  }
  for (const Offer& offer : universe_.offers(first)) {
    const NameState& state = names_[offer.name];
    if (offer.name != id && state.merge_round == merge_round_ && state.merge_count == count) {
      exclude_others(offer.name, id, state.merge_virtual);
    }
  }
}

void Search::count_merge(NameId id, bool is_virtual) {
  NameState& state = names_[id];
  if (state.merge_round != merge_round_) {
    state.merge_round = merge_round_;
    state.merge_count = 0;
    state.merge_virtual = false;
  }
  ++state.merge_count;
  state.merge_virtual = state.merge_virtual || is_virtual;
}

/// Every candidate of `must_provide` has the name `id` too, so nothing else may have it.
void Search::exclude_others(NameId id, NameId must_provide, bool skip_virtual) {
  for (const Provider& provider : universe_.providers(id)) {
    if (!packages_[provider.package].selectable) continue;
    if (skip_virtual && provider.is_virtual()) continue;
    const auto offers = universe_.offers(provider.package);
    if (std::none_of(offers.begin(), offers.end(),
                     [&](const Offer& offer) { return offer.name == must_provide; })) {
      disqualify(provider.package);
    }
  }
}

void Search::mark_dirty(NameId id) {
  NameState& state = names_[id];
  if (!state.seen || state.decided || state.dirty) return;
  if (state.requirers == 0 && !state.check_triggers && !state.has_triggered) return;
  state.dirty = true;
  dirty_.push_back(id);
}

/// The names of packages that depend on `id` have to look at their dependencies again.
void Search::dependents_changed(NameId id) {
  for (const PackageId package : dependents(id)) {
    for (const Offer& offer : universe_.offers(package)) {
      names_[offer.name].check_depends = true;
      mark_dirty(offer.name);
    }
  }
}

void Search::triggers_changed(NameId id) {
  for (const NameId triggered : universe_.triggered_by(id)) {
    if (!name(triggered).seen) continue;
    names_[triggered].check_triggers = true;
    mark_dirty(triggered);
  }
}

bool Search::are_dependents_done(NameId id) const {
  const auto packages = dependents(id);
  return std::all_of(packages.begin(), packages.end(), [&](PackageId package) {
    const auto offers = universe_.offers(package);
    return std::all_of(offers.begin(), offers.end(), [&](const Offer& offer) {
      return !names_[offer.name].seen || names_[offer.name].decided;
    });
  });
}

}  // namespace tarn::apk
