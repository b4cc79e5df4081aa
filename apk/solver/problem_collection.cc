#include "apk/solver/problem_collection.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "apk/model/version.h"

namespace tarn::apk {
namespace {

/// Of a chain from a package to world, how many are told. Real ones are far shorter.
constexpr std::size_t kLongestChain = 64;

/// A constraint in force: of world (by kNoPackage) or of a chosen package.
struct Constraint {
  PackageId by = kNoPackage;
  Need need;
  const Dependency* world = nullptr;  ///< an entry of world, as it is written
};

class Collector {
 public:
  explicit Collector(const Search& search)
      : search_(search),
        universe_(search.universe()),
        constraints_(universe_.name_count()),
        origins_(universe_.package_count()),
        is_reached_(universe_.package_count()),
        reached_at_(universe_.package_count()) {}

  std::vector<Problem> collect();

 private:
  void reach_all();
  void add_constraint(const Constraint& constraint);
  void reach(PackageId id, const Constraint& origin);
  void reach_triggered();

  void check_name(NameId name);
  void check_package(PackageId id);
  void check_masked(PackageId id);
  void check_constraints(PackageId id);
  void check_rivals(PackageId id);
  void check_own_names(PackageId id);
  void add_failed(PackageId id);
  void add_world();

  Requirer requirer(const Constraint& constraint) const;
  void add_candidates(Problem& problem, NameId name) const;
  void add_candidate(Problem& problem, PackageId id) const;
  std::vector<Requirer> requirers_of(PackageId id) const;
  std::string label(PackageId id) const { return universe_.label(id); }

  const Search& search_;
  const Universe& universe_;
  std::vector<std::vector<Constraint>> constraints_;  ///< by name
  std::vector<Constraint> origins_;                   ///< by package: why it was reached
  std::vector<bool> is_reached_;
  std::vector<std::size_t> reached_at_;  ///< by package: place in reached_
  std::vector<PackageId> reached_;       ///< in the order of world
  std::vector<NameId> without_choice_;   ///< required names that no package was chosen for
  std::set<std::pair<PackageId, PackageId>> told_conflicts_;
  std::vector<Problem> problems_;
};

std::vector<Problem> Collector::collect() {
  reach_all();
  for (const NameId name : without_choice_) check_name(name);
  for (const PackageId id : reached_) check_package(id);
  if (problems_.empty()) {
    for (const PackageId id : std::set(search_.failed().begin(), search_.failed().end())) {
      add_failed(id);
    }
  }
  if (problems_.empty()) add_world();
  std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
    const auto rank = [](const Problem& problem) {
      switch (problem.kind) {
        case ProblemKind::conflict:
          return 3;
        case ProblemKind::virtual_name:
          return 2;
        case ProblemKind::missing_name:
        case ProblemKind::wrong_version:
          return 1;
        default:
          return 0;
      }
    };
    return rank(a) < rank(b);
  });
  return std::move(problems_);
}

/// Follows the constraints from world through the chosen packages.
void Collector::reach_all() {
  for (const WorldEntry& entry : search_.world()) {
    if (entry.left_out) continue;
    add_constraint({kNoPackage, entry.need, entry.dependency});
  }
  std::size_t done = 0;
  do {
    for (; done < reached_.size(); ++done) {
      const PackageId id = reached_[done];
      for (const Need& need : universe_.depends(id)) add_constraint({id, need});
    }
    reach_triggered();
  } while (done < reached_.size());
}

void Collector::add_constraint(const Constraint& constraint) {
  const NameId name = constraint.need.name;
  constraints_[name].push_back(constraint);
  if (constraint.need.conflict) return;
  const PackageId chosen = search_.name(name).chosen.package;
  if (chosen != kNoPackage) {
    reach(chosen, constraint);
  } else if (std::find(without_choice_.begin(), without_choice_.end(), name) ==
             without_choice_.end()) {
    without_choice_.push_back(name);
  }
}

void Collector::reach(PackageId id, const Constraint& origin) {
  if (is_reached_[id]) return;
  is_reached_[id] = true;
  reached_at_[id] = reached_.size();
  origins_[id] = origin;
  reached_.push_back(id);
}

/// Packages chosen because of their install_if.
void Collector::reach_triggered() {
  for (PackageId id = 0; id < universe_.package_count(); ++id) {
    if (is_reached_[id] || !search_.package(id).triggered) continue;
    if (search_.name(universe_.name_of(id)).chosen.package != id) continue;
    for (const Need& need : universe_.install_if(id)) {
      const PackageId trigger = search_.name(need.name).chosen.package;
      if (trigger == kNoPackage || !is_reached_[trigger]) continue;
      reach(id, {trigger, need});
      break;
    }
  }
}

void Collector::check_name(NameId name) {
  Problem problem;
  problem.name = universe_.text(name);
  for (const Constraint& constraint : constraints_[name]) {
    if (!constraint.need.conflict) problem.required_by.push_back(requirer(constraint));
  }
  if (universe_.providers(name).empty()) {
    problem.kind = ProblemKind::missing_name;
  } else {
    problem.kind = ProblemKind::virtual_name;
    add_candidates(problem, name);
  }
  problems_.push_back(std::move(problem));
}

void Collector::check_package(PackageId id) {
  check_masked(id);
  check_constraints(id);
  check_rivals(id);
  check_own_names(id);
}

void Collector::check_masked(PackageId id) {
  Problem problem;
  if (universe_.is_broken(id)) {
    problem.kind = ProblemKind::broken_package;
    const auto faults = universe_.faults(id);
    problem.reason = faults.empty() ? "it is broken" : faults.front();
  } else if (!universe_.is_installable(id)) {
    problem.kind = ProblemKind::masked_architecture;
    problem.reason = universe_.architecture(id);
  } else if (!search_.package(id).available && !universe_.is_installed(id) &&
             (universe_.repositories(id) & search_.terms().cached) == 0) {
    problem.kind = ProblemKind::masked_network;
  } else if (!search_.package(id).tag_allowed) {
    problem.kind = ProblemKind::masked_tag;
    for (unsigned tag = 1; (universe_.tags(id) >> tag) != 0; ++tag) {
      if (((universe_.tags(id) >> tag) & 1U) == 0) continue;
      problem.reason += (problem.reason.empty() ? "@" : " @") + universe_.tag_text(tag);
    }
  } else {
    return;
  }
  problem.name = label(id);
  problem.required_by = requirers_of(id);
  // Where nobody is content with it anyway, its version is what there is to tell.
  if (problem.required_by.empty()) return;
  add_candidate(problem, id);
  problems_.push_back(std::move(problem));
}

/// One problem for each name of the package with constraints that it breaks.
void Collector::check_constraints(PackageId id) {
  std::set<NameId> done;
  for (const Offer& offer : universe_.offers(id)) {
    if (!done.insert(offer.name).second) continue;
    Problem problem;
    bool is_forbidden = false;
    for (const Constraint& constraint : constraints_[offer.name]) {
      const Need& need = constraint.need;
      if (need.is_satisfied_by(offer.version, universe_.identity(id))) {
        if (!need.conflict) problem.required_by.push_back(requirer(constraint));
      } else if (need.conflict) {
        if (constraint.by == id) continue;
        is_forbidden = true;
        problem.violated.push_back(requirer(constraint));
      } else if (search_.name(offer.name).chosen.package == id) {
        problem.violated.push_back(requirer(constraint));
      }
    }
    if (problem.violated.empty()) continue;
    problem.kind = is_forbidden ? ProblemKind::conflict : ProblemKind::wrong_version;
    problem.name = is_forbidden ? label(id) : std::string(universe_.text(offer.name));
    if (is_forbidden) {
      problem.required_by = requirers_of(id);
      for (const Requirer& forbidding : problem.violated) {
        if (!forbidding.package.empty()) problem.candidates.push_back(forbidding.package);
      }
    } else {
      problem.chosen = label(id);
      add_candidates(problem, offer.name);
    }
    problems_.push_back(std::move(problem));
  }
}

/// Names that only one package may have, and two do.
void Collector::check_rivals(PackageId id) {
  for (const Offer& offer : universe_.offers(id)) {
    const Provider& chosen = search_.name(offer.name).chosen;
    if (chosen.package == kNoPackage || chosen.package == id) continue;
    if (chosen.is_virtual() && offer.version.empty()) continue;
    if (!is_reached_[chosen.package]) continue;
    if (!told_conflicts_.insert(std::minmax(id, chosen.package)).second) continue;
    const bool is_later = reached_at_[chosen.package] < reached_at_[id];
    const PackageId first = is_later ? chosen.package : id;
    const PackageId second = is_later ? id : chosen.package;
    Problem problem;
    problem.kind = ProblemKind::conflict;
    problem.name = label(first);
    problem.required_by = requirers_of(first);
    problem.rival_required_by = requirers_of(second);
    add_candidate(problem, second);
    for (const Offer& shared : universe_.offers(chosen.package)) {
      const auto offers = universe_.offers(id);
      if (std::any_of(offers.begin(), offers.end(),
                      [&](const Offer& mine) { return mine.name == shared.name; })) {
        problem.shared_names.emplace_back(universe_.text(shared.name));
      }
    }
    problems_.push_back(std::move(problem));
  }
}

/// A name that the package itself has twice, not both times without version: then it is its own
/// rival.
void Collector::check_own_names(PackageId id) {
  const auto offers = universe_.offers(id);
  for (std::size_t i = 1; i < offers.size(); ++i) {
    const auto earlier = offers.first(i);
    if (std::none_of(earlier.begin(), earlier.end(), [&](const Offer& offer) {
          return offer.name == offers[i].name &&
                 !(offer.version.empty() && offers[i].version.empty());
        })) {
      continue;
    }
    Problem problem;
    problem.kind = ProblemKind::broken_package;
    problem.name = label(id);
    problem.reason = offers[i].name == offers.front().name
                         ? "it provides its own name and so conflicts with itself"
                         : fmt::format("it provides '{}' twice and so conflicts with itself",
                                       universe_.text(offers[i].name));
    problem.required_by = requirers_of(id);
    add_candidate(problem, id);
    problems_.push_back(std::move(problem));
    return;
  }
}

/// For a package that could not be chosen although nothing in the end contradicts it: an earlier
/// decision excluded it.
void Collector::add_failed(PackageId id) {
  Problem problem;
  problem.kind = ProblemKind::conflict;
  problem.name = label(id);
  problem.required_by = requirers_of(id);
  for (const Offer& offer : universe_.offers(id)) {
    for (const Provider& other : universe_.providers(offer.name)) {
      if (other.package == id || !search_.name(universe_.name_of(other.package)).decided) continue;
      if (search_.name(universe_.name_of(other.package)).chosen.package != other.package) continue;
      add_candidate(problem, other.package);
    }
  }
  problems_.push_back(std::move(problem));
}

/// When nothing else is known to be wrong: the constraints as a whole.
void Collector::add_world() {
  Problem problem;
  problem.kind = ProblemKind::conflict;
  for (const WorldEntry& entry : search_.world()) {
    if (problem.name.empty()) problem.name = entry.dependency->name;
    problem.required_by.push_back(requirer({kNoPackage, entry.need, entry.dependency}));
  }
  problems_.push_back(std::move(problem));
}

Requirer Collector::requirer(const Constraint& constraint) const {
  Requirer result;
  result.dependency =
      constraint.world != nullptr ? *constraint.world : universe_.dependency(constraint.need);
  Constraint at = constraint;
  while (at.by != kNoPackage) {
    if (result.package.empty()) {
      result.package = label(at.by);
    } else if (result.chain.size() < kLongestChain) {
      result.chain.push_back({label(at.by), universe_.dependency(at.need)});
    }
    at = origins_[at.by];
  }
  if (at.world != nullptr) result.world = *at.world;
  return result;
}

/// Who wants the package by one of its names, and is content with it.
std::vector<Requirer> Collector::requirers_of(PackageId id) const {
  std::vector<Requirer> result;
  for (const Offer& offer : universe_.offers(id)) {
    for (const Constraint& constraint : constraints_[offer.name]) {
      const Need& need = constraint.need;
      if (need.conflict || constraint.by == id) continue;
      if (!need.is_satisfied_by(offer.version, universe_.identity(id))) continue;
      Requirer entry = requirer(constraint);
      if (std::find(result.begin(), result.end(), entry) == result.end()) {
        result.push_back(std::move(entry));
      }
    }
  }
  return result;
}

/// All that have the name, highest version first.
void Collector::add_candidates(Problem& problem, NameId name) const {
  const auto providers = universe_.providers(name);
  std::vector<Provider> sorted(providers.begin(), providers.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const Provider& a, const Provider& b) {
    if (a.is_virtual() || b.is_virtual()) return !a.is_virtual() && b.is_virtual();
    return compare_versions(a.version, b.version) > 0;
  });
  for (const Provider& provider : sorted) add_candidate(problem, provider.package);
}

void Collector::add_candidate(Problem& problem, PackageId id) const {
  const std::string text = label(id);
  if (std::find(problem.candidates.begin(), problem.candidates.end(), text) !=
      problem.candidates.end()) {
    return;
  }
  problem.candidates.push_back(text);
  problem.candidate_repositories.push_back(
      universe_.repository(id, search_.package(id).allowed_tags));
}

}  // namespace

std::vector<Problem> check_world(const Universe& universe, const std::vector<Dependency>& world) {
  std::vector<Problem> problems;
  for (const Dependency& dependency : world) {
    Problem problem;
    problem.name = dependency.name;
    problem.required_by.push_back({{}, dependency, {}, dependency});
    if (dependency.broken) {
      problem.kind = ProblemKind::broken_constraint;
    } else if (!dependency.tag.empty() && !universe.tag_number(dependency.tag)) {
      problem.kind = ProblemKind::missing_tag;
      problem.reason = "@" + dependency.tag;
    } else {
      continue;
    }
    problems.push_back(std::move(problem));
  }
  return problems;
}

std::vector<Problem> collect_problems(const Search& search) {
  return Collector(search).collect();
}

}  // namespace tarn::apk
