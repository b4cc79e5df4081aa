// Discovery: which packages could play a part, and the order in which their names are decided.

#include <algorithm>

#include "apk/solver/search.h"

namespace tarn::apk {

/// Where the walk over a name's neighbours is.
struct Search::Visit {
  enum class Stage { depends, triggered, provided };

  NameId name = 0;
  Stage stage = Stage::depends;
  std::uint32_t provider = 0;
  std::uint32_t item = 0;
  bool inside = false;  ///< within the current provider's list
};

void Search::discover() {
  // A world for nothing but itself is what the user asked to add.
  if (terms_.installed.empty() && terms_.wishes.empty()) {
    for (const WorldEntry& entry : world_) names_[entry.need.name].named = true;
  }
  for (const NameWish& wish : terms_.wishes) {
    const auto name = universe_.find(wish.name);
    if (name && *name < names_.size()) names_[*name].named = true;
  }
  for (const WorldEntry& entry : world_) {
    if (!names_[entry.need.name].seen) discover(entry.need.name);
  }
  link_dependents();
}

/// Depth first, with its own stack: indexes are foreign and may nest as deep as they are long.
void Search::discover(NameId root) {
  std::vector<Visit> visits;
  const auto enter = [&](NameId id) {
    names_[id].seen = true;
    visits.push_back(Visit{.name = id});
  };
  enter(root);
  while (!visits.empty()) {
    NameId next = 0;
    if (next_to_visit(visits.back(), next)) {
      enter(next);
    } else {
      number(visits.back().name);
      visits.pop_back();
    }
  }
}

/// The next neighbour that was not seen yet: what the providers depend on, then the packages a
/// decision on the name may trigger, then the other names of the providers.
bool Search::next_to_visit(Visit& visit, NameId& next) {
  using Stage = Visit::Stage;
  const auto is_new = [&](NameId id) { return !names_[id].seen; };
  const auto providers = universe_.providers(visit.name);
  if (visit.stage == Stage::depends) {
    for (; visit.provider < providers.size(); ++visit.provider, visit.inside = false) {
      const PackageId id = providers[visit.provider].package;
      if (!visit.inside) {
        if (packages_[id].seen) continue;
        see(id);
        visit.inside = true;
        visit.item = 0;
      }
      const auto depends = universe_.depends(id);
      while (visit.item < depends.size()) {
        next = depends[visit.item++].name;
        if (is_new(next)) return true;
      }
    }
    visit = Visit{.name = visit.name, .stage = Stage::triggered};
  }
  if (visit.stage == Stage::triggered) {
    const auto triggered = universe_.triggered_by(visit.name);
    while (visit.item < triggered.size()) {
      next = triggered[visit.item++];
      if (is_new(next)) return true;
    }
    visit = Visit{.name = visit.name, .stage = Stage::provided};
  }
  for (; visit.provider < providers.size(); ++visit.provider) {
    const PackageId id = providers[visit.provider].package;
    const auto offers = universe_.offers(id);
    while (packages_[id].visited_offers < offers.size()) {
      next = offers[packages_[id].visited_offers++].name;
      if (is_new(next)) return true;
    }
  }
  return false;
}

void Search::see(PackageId id) {
  seen_packages_.push_back(id);
  const auto conditions = universe_.install_if(id);
  for (const Need& need : conditions) {
    if (need.conflict) unwanted_.push_back(need.name);
  }
  PackageState& state = packages_[id];
  state.seen = true;
  const Mask repositories = universe_.repositories(id);
  const bool is_installed = universe_.is_installed(id);
  state.available = (repositories & terms_.available) != 0;
  state.selectable =
      universe_.is_installable(id) && (state.available || (repositories & terms_.cached) != 0 ||
                                       is_installed || universe_.is_empty(id));
  state.tag_preferred = (tags(id) & kUntagged) != 0 || universe_.is_empty(id);
  state.tag_allowed = state.tag_preferred || is_installed;
}

/// Names that the user spoke of come first, then those that a real package has, then those found
/// last.
void Search::number(NameId id) {
  constexpr std::uint32_t kNamed = 1U << 31U;
  constexpr std::uint32_t kReal = 1U << 30U;
  NameState& state = names_[id];
  state.order = ++last_number_;
  if (state.named) state.order |= kNamed;
  if (universe_.is_own_name(id)) state.order |= kReal;
}

void Search::link_dependents() {
  std::sort(seen_packages_.begin(), seen_packages_.end());
  first_dependent_.assign(names_.size() + 1, 0);
  for (const PackageId id : seen_packages_) {
    for (const Need& need : universe_.depends(id)) ++first_dependent_[need.name + 1];
  }
  for (std::size_t i = 1; i < first_dependent_.size(); ++i) {
    first_dependent_[i] += first_dependent_[i - 1];
  }
  dependents_.resize(first_dependent_.back());
  std::vector<std::uint32_t> next(first_dependent_.begin(), first_dependent_.end() - 1);
  for (const PackageId id : seen_packages_) {
    for (const Need& need : universe_.depends(id)) dependents_[next[need.name]++] = id;
  }
}

std::span<const PackageId> Search::dependents(NameId id) const {
  return std::span(dependents_)
      .subspan(first_dependent_[id], first_dependent_[id + 1] - first_dependent_[id]);
}

}  // namespace tarn::apk
