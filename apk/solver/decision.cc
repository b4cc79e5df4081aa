// Decisions: which name comes next, and which of its providers is chosen.

#include <algorithm>
#include <bit>

#include "apk/model/version.h"
#include "apk/solver/search.h"

namespace tarn::apk {

void Search::enqueue(NameId id) {
  dequeue(id);
  NameState& state = names_[id];
  if (state.decided || state.in_turn) return;
  if (state.requirers > 0 && state.dependents_done && state.has_selectable && !state.has_choice) {
    state.in_turn = true;
    in_turn_.push_back(id);
  } else if (state.requirers > 0 || state.has_triggered) {
    (state.has_selectable ? selectable_ : unresolved_).emplace(state.order, id);
  }
}

void Search::dequeue(NameId id) {
  const std::pair key{names_[id].order, id};
  if (selectable_.erase(key) == 0) unresolved_.erase(key);
}

bool Search::decide_next() {
  if (!in_turn_.empty()) {
    const NameId id = in_turn_.front();
    in_turn_.pop_front();
    names_[id].in_turn = false;
    if (!names_[id].decided) decide(id);
    return true;
  }
  Ordered& queue = selectable_.empty() ? unresolved_ : selectable_;
  if (queue.empty()) return decide_absent();
  decide(queue.begin()->second);
  return true;
}

/// When nothing else is left: names that nothing asks for, and an install_if wants to be absent.
bool Search::decide_absent() {
  bool any = false;
  for (const NameId id : unwanted_) {
    if (names_[id].decided) continue;
    lock(id, Provider{});
    any = true;
  }
  return any;
}

void Search::decide(NameId id) {
  const NameState& state = names_[id];
  Provider best;
  for (const Provider& provider : universe_.providers(id)) {
    const PackageState& package = packages_[provider.package];
    if (state.requirers == 0 && !(package.triggered && package.tag_allowed && package.selectable)) {
      continue;
    }
    if (!is_selectable_alone(id, provider)) continue;
    if (best.package == kNoPackage || is_better(provider, best)) best = provider;
  }
  if (best.package == kNoPackage) {
    if (state.requirers > 0) ++failures_;
    lock(id, best);
  } else {
    choose(id, best);
  }
}

/// Whether a provider stands for the name by itself: what only provides a name without version is
/// one of many, and does so only once it is asked for by its own name.
bool Search::is_candidate(const Provider& provider) const {
  return packages_[provider.package].selectable &&
         (!provider.is_virtual() || names_[universe_.name_of(provider.package)].requirers > 0);
}

/// Whether a provider may be chosen although nothing asks for it by its own name: a priority says
/// which of many is meant.
bool Search::is_selectable_alone(NameId id, const Provider& provider) const {
  if (!provider.is_virtual()) return true;
  const NameId own = universe_.name_of(provider.package);
  return own == id || universe_.provider_priority(provider.package) > 0 ||
         names_[own].requirers > 0;
}

/// Makes a package part of the plan. It becomes the one to have all names it provides with version;
/// of those without version only the name in question, unless the package is asked for itself.
void Search::choose(NameId name, const Provider& provider) {
  const PackageId id = provider.package;
  if (names_[universe_.name_of(id)].chosen.package == id) {
    lock(name, provider);
    return;
  }
  const PackageState& state = packages_[id];
  if (!state.selectable || !state.tag_allowed) {
    ++failures_;
    failed_.push_back(id);
  }
  const bool is_required = names_[universe_.name_of(id)].requirers > 0;
  for (const Offer& offer : universe_.offers(id)) {
    if (offer.version.empty() && offer.name != name && !is_required) {
      mark_dirty(offer.name);
    } else {
      lock(offer.name, Provider{id, offer.version});
    }
  }
  apply_depends(id);
}

/// Decides a name for `provider`, which may be none.
void Search::lock(NameId id, const Provider& provider) {
  NameState& state = names_[id];
  if (state.decided) {
    if (state.chosen.package == kNoPackage || !state.chosen.is_virtual() ||
        !provider.is_virtual()) {
      ++failures_;
      if (provider.package != kNoPackage) failed_.push_back(provider.package);
    }
    return;
  }
  dequeue(id);
  state.decided = true;
  state.chosen = provider;
  if (provider.package != kNoPackage) {
    for (const Provider& rival : universe_.providers(id)) {
      if (rival.package == provider.package) continue;
      if (rival.is_virtual() && provider.is_virtual()) continue;
      disqualify(rival.package);
    }
  }
  dependents_changed(id);
  triggers_changed(id);
}

/// Whether `left` is to be preferred; the first difference counts.
bool Search::is_better(const Provider& left, const Provider& right) const {
  const PackageState& a = packages_[left.package];
  const PackageState& b = packages_[right.package];
  if (a.selectable != b.selectable) return a.selectable;
  if (a.merged != b.merged) return a.merged;
  if (a.conflicts != b.conflicts) return a.conflicts < b.conflicts;
  if (a.tag_allowed != b.tag_allowed) return a.tag_allowed;
  if (a.tag_preferred != b.tag_preferred) return a.tag_preferred;
  if (!left.is_virtual() && !right.is_virtual()) {
    const auto order = compare_versions(left.version, right.version);
    if (order != 0) return order > 0;
  }
  if (universe_.name_of(left.package) == universe_.name_of(right.package)) {
    const auto order =
        compare_versions(universe_.version(left.package), universe_.version(right.package));
    if (order != 0) return order > 0;
  }
  const std::uint32_t priority_a = universe_.provider_priority(left.package);
  const std::uint32_t priority_b = universe_.provider_priority(right.package);
  if (priority_a != priority_b) return priority_a > priority_b;
  return std::countr_zero(universe_.repositories(left.package)) <
         std::countr_zero(universe_.repositories(right.package));
}

}  // namespace tarn::apk
