#include "apk/solver/change_order.h"

#include <algorithm>
#include <optional>

namespace tarn::apk {
namespace {

/// What the root has of a name before the changes.
struct NameInRoot {
  PackageId own = kNoPackage;    ///< the package called so
  PackageId owner = kNoPackage;  ///< the one that has the name: called so, or provides it versioned
  std::uint32_t requirers = 0;   ///< of the package called so: constraints of what is there so far
};

/// A dependency of an installed package.
struct InstalledNeed {
  PackageId by = kNoPackage;
  Need need;
};

/// A place to go to in the walk, and how far the walk got there.
struct Step {
  enum class Kind {
    change,  ///< the package of `name` comes, in place of what was called like it
    leave,   ///< `package` goes
    evict,   ///< whatever has `name` goes, unless it was chosen for it
  };

  Kind kind = Kind::change;
  NameId name = 0;
  PackageId package = kNoPackage;  ///< the one that comes or goes
  PackageId before = kNoPackage;   ///< of a change: its older version
  int stage = 0;
  std::size_t item = 0;
  std::size_t part = 0;  ///< within the item
};

class Walk {
 public:
  Walk(const Search& search, StartingRoot root);
  std::vector<PackageChange> run();

 private:
  using Kind = Step::Kind;
  using Next = std::optional<Step>;

  void start(const Step& step);
  void enter(Step step);
  Next advance(Step& step);
  Next advance_change(Step& step);
  Next advance_leave(Step& step);
  Next advance_evict(Step& step);

  Next evict_offers(Step& step);
  Next leave_dependents(Step& step);
  Next leave_untriggered(Step& step, PackageId package);
  Next bring_depends(Step& step);
  Next bring_triggered(Step& step);
  Next release_depends(Step& step, PackageId package);
  void count_depends(PackageId package);

  PackageId chosen(NameId name) const { return search_.name(name).chosen.package; }
  bool keeps_name(PackageId package) const;
  bool is_unneeded(PackageId package) const;
  bool is_complete(NameId name) const;
  bool lost_trigger(PackageId package) const;

  const Search& search_;
  const Universe& universe_;
  std::vector<PackageId> installed_;
  std::vector<NameInRoot> root_;      ///< by name; empty for an empty root
  std::vector<InstalledNeed> needs_;  ///< by name of what is needed, then as installed
  std::vector<bool> reached_names_;
  std::vector<bool> reached_;  ///< by package: comes, goes or stays
  std::vector<Step> steps_;
  std::vector<PackageChange> changes_;
};

Walk::Walk(const Search& search, StartingRoot root)
    : search_(search),
      universe_(search.universe()),
      reached_names_(universe_.name_count()),
      reached_(universe_.package_count()) {
  if (root == StartingRoot::empty || search.terms().installed.empty()) return;
  root_.resize(universe_.name_count());
  for (const InstalledState& installed : search.terms().installed) {
    const PackageId id = installed.package;
    installed_.push_back(id);
    NameInRoot& own = root_[universe_.name_of(id)];
    own.own = own.owner = id;
    for (const Offer& offer : universe_.offers(id)) {
      if (!offer.version.empty()) root_[offer.name].owner = id;
    }
    for (const Need& need : universe_.depends(id)) {
      if (!need.conflict) needs_.push_back({id, need});
    }
  }
  std::stable_sort(
      needs_.begin(), needs_.end(),
      [](const InstalledNeed& a, const InstalledNeed& b) { return a.need.name < b.need.name; });
  for (const PackageId id : installed_) count_depends(id);
}

std::vector<PackageChange> Walk::run() {
  for (const PackageId id : installed_) {
    if (is_unneeded(id)) start({.kind = Kind::leave, .package = id});
  }
  for (const WorldEntry& entry : search_.world()) {
    const bool is_wanted = !entry.need.conflict && !entry.left_out;
    start({.kind = is_wanted ? Kind::change : Kind::evict, .name = entry.need.name});
  }
  for (const PackageId id : installed_) {
    start({.kind = Kind::change, .name = universe_.name_of(id)});
  }
  return std::move(changes_);
}

/// With its own stack: dependencies are foreign, and may nest as deep as they are many.
void Walk::start(const Step& step) {
  enter(step);
  while (!steps_.empty()) {
    if (const Next next = advance(steps_.back())) {
      enter(*next);
    } else {
      steps_.pop_back();
    }
  }
}

void Walk::enter(Step step) {
  if (step.kind == Kind::change) {
    if (reached_names_[step.name]) return;
    reached_names_[step.name] = true;
    step.package = chosen(step.name);
    if (step.package == kNoPackage || reached_[step.package]) {
      step.kind = Kind::evict;
    } else {
      if (!root_.empty()) step.before = root_[universe_.name_of(step.package)].own;
      reached_[step.package] = true;
      // All its names, also those that another package was chosen for: apk never gets to that one.
      for (const Offer& offer : universe_.offers(step.package)) reached_names_[offer.name] = true;
    }
  } else if (step.kind == Kind::leave) {
    if (reached_[step.package] || keeps_name(step.package)) return;
    reached_[step.package] = true;
  }
  if (step.kind == Kind::evict && root_.empty()) return;
  steps_.push_back(step);
}

/// The next place to go to before the step is done.
Walk::Next Walk::advance(Step& step) {
  switch (step.kind) {
    case Kind::change:
      return advance_change(step);
    case Kind::leave:
      return advance_leave(step);
    default:
      return advance_evict(step);
  }
}

Walk::Next Walk::advance_change(Step& step) {
  for (;; ++step.stage, step.item = step.part = 0) {
    Next next;
    switch (step.stage) {
      case 0:
        next = evict_offers(step);
        break;
      case 1:
        if (step.before != kNoPackage) next = leave_untriggered(step, step.before);
        break;
      case 2:
        next = bring_depends(step);
        break;
      case 3:
        changes_.push_back({step.before, step.package});
        break;
      case 4:
        next = bring_triggered(step);
        break;
      case 5:
        count_depends(step.package);
        break;
      case 6:
        if (step.before != kNoPackage) next = release_depends(step, step.before);
        break;
      default:
        return std::nullopt;
    }
    if (next) return next;
  }
}

Walk::Next Walk::advance_leave(Step& step) {
  for (;; ++step.stage, step.item = step.part = 0) {
    Next next;
    switch (step.stage) {
      case 0:
        next = leave_dependents(step);
        break;
      case 1:
        next = leave_untriggered(step, step.package);
        break;
      case 2:
        changes_.push_back({step.package, kNoPackage});
        break;
      case 3:
        next = release_depends(step, step.package);
        break;
      default:
        return std::nullopt;
    }
    if (next) return next;
  }
}

Walk::Next Walk::advance_evict(Step& step) {
  const NameInRoot& root = root_[step.name];
  while (step.item < 2) {
    const PackageId there = step.item++ == 0 ? root.own : root.owner;
    if (there == kNoPackage) continue;
    const PackageId choice = chosen(step.name);
    if (choice != kNoPackage && universe_.name_of(choice) == universe_.name_of(there)) continue;
    return Step{.kind = Kind::leave, .package = there};
  }
  return std::nullopt;
}

/// Who has a name that the new package is to have.
Walk::Next Walk::evict_offers(Step& step) {
  const auto offers = universe_.offers(step.package);
  if (root_.empty() || step.item >= offers.size()) return std::nullopt;
  return Step{.kind = Kind::evict, .name = offers[step.item++].name};
}

/// Installed packages that need the one that goes.
Walk::Next Walk::leave_dependents(Step& step) {
  const auto offers = universe_.offers(step.package);
  for (; step.item < offers.size(); ++step.item, step.part = 0) {
    const Offer& offer = offers[step.item];
    const auto first = std::lower_bound(
        needs_.begin(), needs_.end(), offer.name,
        [](const InstalledNeed& installed, NameId name) { return installed.need.name < name; });
    for (;;) {
      const auto at = first + static_cast<std::ptrdiff_t>(step.part);
      if (at >= needs_.end() || at->need.name != offer.name) break;
      ++step.part;
      if (!at->need.is_satisfied_by(offer.version, universe_.identity(step.package))) continue;
      return Step{.kind = Kind::leave, .package = at->by};
    }
  }
  return std::nullopt;
}

/// Installed packages whose install_if speaks of what the older package has, and no longer holds.
Walk::Next Walk::leave_untriggered(Step& step, PackageId package) {
  const auto offers = universe_.offers(package);
  for (; step.item < offers.size(); ++step.item, step.part = 0) {
    const auto triggered = universe_.triggered_by(offers[step.item].name);
    while (step.part < triggered.size()) {
      const PackageId there = root_[triggered[step.part++]].own;
      if (there == kNoPackage || reached_[there] || !lost_trigger(there)) continue;
      if (is_unneeded(there)) return Step{.kind = Kind::leave, .package = there};
    }
  }
  return std::nullopt;
}

Walk::Next Walk::bring_depends(Step& step) {
  const auto depends = universe_.depends(step.package);
  if (step.item >= depends.size()) return std::nullopt;
  const Need& need = depends[step.item++];
  return Step{.kind = need.conflict ? Kind::evict : Kind::change, .name = need.name};
}

Walk::Next Walk::bring_triggered(Step& step) {
  const auto offers = universe_.offers(step.package);
  for (; step.item < offers.size(); ++step.item, step.part = 0) {
    const auto triggered = universe_.triggered_by(offers[step.item].name);
    while (step.part < triggered.size()) {
      const NameId name = triggered[step.part++];
      if (is_complete(name)) return Step{.kind = Kind::change, .name = name};
    }
  }
  return std::nullopt;
}

/// What the older package needed, and nothing does now.
Walk::Next Walk::release_depends(Step& step, PackageId package) {
  const auto depends = universe_.depends(package);
  while (step.item < depends.size()) {
    const Need& need = depends[step.item++];
    if (need.conflict || root_[need.name].owner == kNoPackage) continue;
    const PackageId owner = root_[need.name].owner;
    NameInRoot& own = root_[universe_.name_of(owner)];
    if (own.requirers > 0) --own.requirers;
    if (is_unneeded(owner)) return Step{.kind = Kind::leave, .package = owner};
  }
  return std::nullopt;
}

void Walk::count_depends(PackageId package) {
  if (root_.empty()) return;
  for (const Need& need : universe_.depends(package)) {
    if (need.conflict || root_[need.name].owner == kNoPackage) continue;
    ++root_[universe_.name_of(root_[need.name].owner)].requirers;
  }
}

/// Whether a version of the package was chosen: then it does not go, but changes.
bool Walk::keeps_name(PackageId package) const {
  const NameId name = universe_.name_of(package);
  return chosen(name) != kNoPackage && universe_.name_of(chosen(name)) == name;
}

bool Walk::is_unneeded(PackageId package) const {
  const NameId name = universe_.name_of(package);
  return root_[name].requirers == 0 && chosen(name) == kNoPackage;
}

bool Walk::is_complete(NameId name) const {
  const PackageId package = chosen(name);
  if (package == kNoPackage || reached_names_[name]) return false;
  const auto conditions = universe_.install_if(package);
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Need& need) { return need.conflict || reached_names_[need.name]; });
}

bool Walk::lost_trigger(PackageId package) const {
  const auto conditions = universe_.install_if(package);
  return std::any_of(conditions.begin(), conditions.end(), [&](const Need& need) {
    const PackageId there = root_[need.name].owner;
    return there != kNoPackage && reached_[there] && chosen(need.name) == kNoPackage;
  });
}

}  // namespace

std::vector<PackageChange> change_order(const Search& search, StartingRoot root) {
  return Walk(search, root).run();
}

}  // namespace tarn::apk
