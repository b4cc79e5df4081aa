#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/solver/universe.h"

namespace tarn::apk {

/// A package that is there already.
struct InstalledState {
  PackageId package = kNoPackage;
  Mask tag = 0;  ///< of the repository it came from; none where no repository has that tag now
  std::size_t place = 0;  ///< in the request
};

/// What counts in a search besides world: a request's part that is not in the universe.
struct Terms {
  Mask available = ~Mask{0};  ///< repositories whose packages can be had
  Mask cached = 0;            ///< repositories whose packages are at hand, but not offered
  Mask given = 0;             ///< repositories of what the user named himself
  std::vector<InstalledState> installed;
  Wish wish = Wish::none;
  std::vector<NameWish> wishes;
  Scope scope = Scope::all;
  std::vector<bool> left_out;  ///< by entry of world: known, but not in force. May be shorter
};

/// The terms of a request over the universe of its repositories and installed packages.
Terms terms_of(const Universe& universe, const Request& request);

/// What the search knows of a package.
struct PackageState {
  Mask allowed_tags = kUntagged;     ///< may be taken from repositories with these
  Mask preferred_tags = kUntagged;   ///< better taken from repositories with these
  std::uint32_t visited_offers = 0;  ///< of its names, how many discovery has been to
  std::uint32_t conflicts = 0;       ///< constraints in force that it does not satisfy
  Wish wish = Wish::none;
  Wish inherited = Wish::none;  ///< wishes for what it needs
  bool seen = false;            ///< reached by discovery
  bool selectable = false;      ///< may still become part of the plan
  bool tag_allowed = false;
  bool tag_preferred = false;
  bool available = false;
  bool triggered = false;  ///< all its install_if conditions hold
  bool merged = false;     ///< a candidate when one of its names was last reconsidered
  bool applied = false;    ///< its dependencies are in force
};

/// What the search knows of a name.
struct NameState {
  std::uint32_t order = 0;      ///< among names to decide, the highest comes first
  std::uint32_t requirers = 0;  ///< constraints in force that want it
  Provider chosen;              ///< once decided; no package: nothing will have the name
  bool named = false;           ///< one of the terms' wishes is for it
  bool seen = false;            ///< reached by discovery
  bool decided = false;
  bool dirty = false;  ///< waits in the dirty queue
  bool check_depends = true;
  bool check_triggers = true;
  bool has_triggered = false;    ///< some provider is wanted by its install_if
  bool has_selectable = false;   ///< some candidate may be chosen without being asked for
  bool has_choice = false;       ///< more than one candidate, or one whose tag is not allowed
  bool dependents_done = false;  ///< all names whose packages depend on it are decided
  bool in_turn = false;          ///< waits among those without a choice
  std::uint32_t merge_round = 0;
  std::uint32_t merge_count = 0;
  bool merge_virtual = false;
};

/// World's entries in the order in which they are used.
struct WorldEntry {
  Need need;
  const Dependency* dependency = nullptr;
  bool left_out = false;  ///< not in force
};

/// The search for a plan, as apk does it: greedy, with forward checking and without a way back.
/// What it finds depends on the order of its decisions, so each rule here is apk's.
///
///   discover()   reaches every package that could play a part, and numbers the names
///   run()        puts world's constraints in force, then reconsiders names and decides them one
///                by one until nothing is left
class Search {
 public:
  /// `universe` and `world` must outlive it.
  Search(Universe& universe, const std::vector<Dependency>& world, Terms terms = {});

  void run();

  /// Decisions that broke a constraint; with any there is no plan.
  std::size_t failures() const { return failures_; }
  /// The packages that were chosen although they could not be.
  const std::vector<PackageId>& failed() const { return failed_; }
  const std::vector<WorldEntry>& world() const { return world_; }
  /// What is known of a name; of one that played no part, nothing.
  const NameState& name(NameId id) const {
    static constexpr NameState kUnseen;
    return id < names_.size() ? names_[id] : kUnseen;
  }
  const PackageState& package(PackageId id) const { return packages_[id]; }
  const Universe& universe() const { return universe_; }
  const Terms& terms() const { return terms_; }
  /// Tags of the repositories that have a package, and the one it was installed from.
  Mask tags(PackageId id) const;

 private:
  struct Visit;

  // discovery.cc
  void discover();
  void discover(NameId root);
  bool next_to_visit(Visit& visit, NameId& next);
  void see(PackageId id);
  void add_wishes();
  void number(NameId id);
  void link_dependents();

  // constraint.cc
  void apply(PackageId by, const Need& need);
  void apply_world(const WorldEntry& entry);
  void apply_depends(PackageId by);
  void require(NameId id);
  void inherit(PackageId to, PackageId from);
  void inherit_from_world(PackageId to, Mask tag);
  void tags_changed(PackageId id);
  void disqualify(PackageId id);
  bool can_satisfy(PackageId by, const Need& need) const;
  bool satisfies(const Provider& provider, const Need& need) const;
  bool is_chosen_right(const NameState& state, const Need& need) const;

  // reconsider.cc
  void reconsider(NameId id);
  void drop_unsatisfiable(NameId id);
  void check_triggers(NameId id);
  bool is_triggered(PackageId id);
  void merge_candidates(NameId id, std::size_t count);
  void count_merge(NameId id, bool is_virtual);
  void exclude_others(NameId id, NameId must_provide, bool skip_virtual);
  void mark_dirty(NameId id);
  void depends_changed(NameId id);
  void dependents_changed(NameId id);
  void triggers_changed(NameId id);
  bool are_dependents_done(NameId id) const;

  // decision.cc
  void enqueue(NameId id);
  void dequeue(NameId id);
  bool decide_next();
  void decide(NameId id);
  bool is_better(const Provider& left, const Provider& right) const;
  int compare(const Provider& left, const Provider& right) const;
  int compare_latest(PackageId left, PackageId right, Wish wish) const;
  int compare_fit(const Provider& left, const Provider& right, Wish wish) const;
  bool may_trigger(PackageId id) const;
  bool is_candidate(const Provider& provider) const;
  bool is_selectable_alone(NameId id, const Provider& provider) const;
  void choose(NameId name, const Provider& provider);
  void lock(NameId id, const Provider& provider);
  bool decide_absent();

  std::span<const PackageId> dependents(NameId id) const;

  Universe& universe_;
  Terms terms_;
  std::vector<Mask> installed_tags_;  ///< by package: the installed ones come first
  std::vector<WorldEntry> world_;
  std::vector<NameState> names_;
  std::vector<PackageState> packages_;
  std::uint32_t last_number_ = 0;
  std::size_t failures_ = 0;
  std::vector<PackageId> failed_;
  std::uint32_t merge_round_ = 0;

  std::vector<PackageId> seen_packages_;        ///< in the order of discovery
  std::vector<NameId> unwanted_;                ///< an install_if wants these to be absent
  std::vector<std::uint32_t> first_dependent_;  ///< by name; one more at the end
  std::vector<PackageId> dependents_;           ///< seen packages that depend on a name

  using Ordered = std::set<std::pair<std::uint32_t, NameId>, std::greater<>>;
  std::deque<NameId> dirty_;
  std::deque<NameId> in_turn_;  ///< without a choice: decided first, in the order they came
  Ordered selectable_;          ///< with a candidate that may be chosen by itself
  Ordered unresolved_;
};

/// The search that found a plan for the request, or why there is none. `universe` is of the
/// request's repositories and installed packages; both must outlive the search.
std::variant<Search, std::vector<Problem>> search_in(Universe& universe, const Request& request);

/// Entries of world that are not in force.
std::vector<Dependency> left_out(const Search& search);

}  // namespace tarn::apk
