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
    if (state.requirers == 0 && !may_trigger(provider.package)) continue;
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

/// Whether a package may be chosen for its install_if alone.
bool Search::may_trigger(PackageId id) const {
  const PackageState& package = packages_[id];
  return package.triggered && package.tag_allowed && package.selectable &&
         (package.available || !has(package.wish, Wish::available));
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

/// Whether `left` is to be preferred; of equals the earlier one stays.
bool Search::is_better(const Provider& left, const Provider& right) const {
  return compare(left, right) > 0;
}

/// Over 0: `left` is to be preferred. The first difference counts.
int Search::compare(const Provider& left, const Provider& right) const {
  const PackageId a = left.package;
  const PackageId b = right.package;
  const Wish wish = packages_[a].wish | packages_[b].wish;
  const bool is_latest = has(wish, Wish::latest) && packages_[a].allowed_tags == kUntagged &&
                         packages_[b].allowed_tags == kUntagged;
  if (const int fit = is_latest ? compare_latest(a, b, wish) : compare_fit(left, right, wish);
      fit != 0) {
    return fit;
  }
  if (!left.is_virtual() && !right.is_virtual()) {
    const auto order = compare_versions(left.version, right.version);
    if (order != 0) return order > 0 ? 1 : -1;
  }
  if (universe_.name_of(a) == universe_.name_of(b)) {
    const auto order = compare_versions(universe_.version(a), universe_.version(b));
    if (order != 0) return order > 0 ? 1 : -1;
  }
  const std::uint32_t priority_a = universe_.provider_priority(a);
  const std::uint32_t priority_b = universe_.provider_priority(b);
  if (priority_a != priority_b) return priority_a > priority_b ? 1 : -1;
  if (!has(wish, Wish::remove) && universe_.is_installed(a) != universe_.is_installed(b)) {
    return universe_.is_installed(a) ? 1 : -1;
  }
  if (packages_[a].selectable != packages_[b].selectable) return packages_[a].selectable ? 1 : -1;
  // What no repository has comes before all that one has.
  const auto place = [&](PackageId id) {
    const Mask repositories = universe_.repositories(id) & ~terms_.given;
    return repositories == 0 ? -1 : std::countr_zero(repositories);
  };
  return place(b) - place(a);
}

/// What counts before the version where the latest is wished, and nothing is pinned.
int Search::compare_latest(PackageId left, PackageId right, Wish wish) const {
  const PackageState& a = packages_[left];
  const PackageState& b = packages_[right];
  if (a.tag_allowed != b.tag_allowed) return a.tag_allowed ? 1 : -1;
  if (has(wish, Wish::available)) return int{a.available} - int{b.available};
  if (has(wish, Wish::reinstall)) return int{a.selectable} - int{b.selectable};
  return 0;
}

/// What counts before the version elsewhere.
int Search::compare_fit(const Provider& left, const Provider& right, Wish wish) const {
  const PackageState& a = packages_[left.package];
  const PackageState& b = packages_[right.package];
  const int installed =
      int{universe_.is_installed(left.package)} - int{universe_.is_installed(right.package)};
  if (a.selectable != b.selectable) return a.selectable ? 1 : -1;
  if (a.merged != b.merged) return a.merged ? 1 : -1;
  if (a.conflicts != b.conflicts) return a.conflicts < b.conflicts ? 1 : -1;
  const bool keeps =
      has(wish, Wish::keep) || (terms_.scope == Scope::upgraded_names && !has(wish, Wish::upgrade));
  if (keeps && installed != 0) return installed;
  if (a.tag_allowed != b.tag_allowed) return a.tag_allowed ? 1 : -1;
  if (has(wish, Wish::available) && a.available != b.available) return a.available ? 1 : -1;
  if (a.tag_preferred != b.tag_preferred) return a.tag_preferred ? 1 : -1;
  if (has(wish, Wish::upgrade | Wish::remove)) return 0;
  // Of packages that all may have the name, being there is no reason yet.
  const bool is_same = universe_.name_of(left.package) == universe_.name_of(right.package);
  return is_same || !left.is_virtual() || !right.is_virtual() ? installed : 0;
}

}  // namespace tarn::apk
