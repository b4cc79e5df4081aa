#include "apk/solver/second_opinion.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "apk/model/version.h"
#include "apk/solver/complete_search.h"
#include "apk/solver/search.h"

namespace tarn::apk {
namespace {

/// Entries that are tried each by itself, and of these in pairs.
constexpr std::size_t kMostSingles = 24;
constexpr std::size_t kMostInPairs = 5;

using World = std::vector<Dependency>;

World with(const World& world, const World& additions) {
  World both = world;
  both.insert(both.end(), additions.begin(), additions.end());
  return both;
}

/// All packages and names that problems speak of: what is said of them likely matters.
std::set<std::string> names_in(const Universe& universe, const std::vector<Problem>& problems) {
  std::set<std::string> names;
  std::set<std::string> labels;
  for (const Problem& problem : problems) {
    names.insert(problem.name);
    names.insert(problem.shared_names.begin(), problem.shared_names.end());
    labels.insert(problem.name);
    labels.insert(problem.candidates.begin(), problem.candidates.end());
    for (const auto* list : {&problem.required_by, &problem.violated, &problem.rival_required_by}) {
      for (const Requirer& requirer : *list) {
        labels.insert(requirer.package);
        for (const ChainLink& link : requirer.chain) labels.insert(link.package);
      }
    }
  }
  for (PackageId id = 0; id < universe.package_count(); ++id) {
    if (labels.contains(universe.label(id))) names.emplace(universe.text(universe.name_of(id)));
  }
  return names;
}

class AdditionSearch {
 public:
  AdditionSearch(const World& world, const std::vector<Problem>& problems,
                 const std::vector<PackageId>& solution, Trials& trials)
      : world_(world), problems_(problems), solution_(solution), trials_(trials) {}

  World find();

 private:
  bool leads_to_plan(const World& additions) {
    return trials_.any_left() && trials_.is_solvable(with(world_, additions));
  }
  World differences() const;
  World pins() const;
  World fewest(World additions);

  const World& world_;
  const std::vector<Problem>& problems_;
  const std::vector<PackageId>& solution_;
  Trials& trials_;
};

World AdditionSearch::find() {
  const World proposals = differences();
  for (std::size_t i = 0; i < proposals.size() && i < kMostSingles; ++i) {
    if (leads_to_plan({proposals[i]})) return {proposals[i]};
  }
  for (std::size_t i = 0; i < proposals.size() && i < kMostInPairs; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (leads_to_plan({proposals[j], proposals[i]})) return {proposals[j], proposals[i]};
    }
  }
  for (const World& all : {proposals, pins()}) {
    if (!all.empty() && leads_to_plan(all)) return fewest(all);
  }
  return {};
}

/// Entries that tell apk's search to choose what the solution has where it chose otherwise. What
/// the problems speak of comes first.
World AdditionSearch::differences() const {
  Universe& universe = trials_.universe();
  Search search(universe, world_, terms_of(universe, trials_.request()));
  search.run();
  const auto named = names_in(universe, problems_);
  const std::set<PackageId> solution(solution_.begin(), solution_.end());
  World likely;
  World others;
  const auto propose = [&](NameId name, VersionMatch match, std::string_view version,
                           bool is_forbidden) {
    Dependency entry;
    entry.name = universe.text(name);
    entry.match = match;
    entry.version = version;
    entry.conflict = is_forbidden;
    (named.contains(entry.name) ? likely : others).push_back(std::move(entry));
  };
  std::set<NameId> names;
  for (const PackageId id : solution_) {
    const NameId name = universe.name_of(id);
    names.insert(name);
    const PackageId chosen = search.name(name).chosen.package;
    if (chosen == id) continue;
    if (chosen == kNoPackage || universe.name_of(chosen) != name) {
      propose(name, VersionMatch::any, {}, false);
      continue;
    }
    const bool is_lower = compare_versions(universe.version(id), universe.version(chosen)) < 0;
    propose(name, is_lower ? VersionMatch::less : VersionMatch::greater, universe.version(chosen),
            false);
  }
  // What the solution does without: packages that something wants only if other packages are there.
  std::map<std::string_view, NameId> spare;
  for (NameId name = 0; name < universe.name_count(); ++name) {
    const PackageId chosen = search.name(name).chosen.package;
    if (chosen == kNoPackage || universe.name_of(chosen) != name || names.contains(name)) continue;
    if (search.package(chosen).triggered || named.contains(std::string(universe.text(name)))) {
      spare.emplace(universe.text(name), name);
    }
  }
  for (const auto& [text, name] : spare) propose(name, VersionMatch::any, {}, true);
  likely.insert(likely.end(), others.begin(), others.end());
  return likely;
}

/// The solution as it is.
World AdditionSearch::pins() const {
  World entries;
  for (const PackageId id : solution_) {
    Dependency entry;
    entry.name = trials_.universe().text(trials_.universe().name_of(id));
    entry.match = VersionMatch::equal;
    entry.version = trials_.universe().version(id);
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// Leaves out halves, then quarters, …, then single entries, as long as there is a plan.
World AdditionSearch::fewest(World additions) {
  for (std::size_t size = (additions.size() + 1) / 2; size > 0; size /= 2) {
    for (std::size_t first = 0; first < additions.size() && additions.size() > 1;) {
      World others(additions.begin(), additions.begin() + static_cast<std::ptrdiff_t>(first));
      const std::size_t end = std::min(first + size, additions.size());
      others.insert(others.end(), additions.begin() + static_cast<std::ptrdiff_t>(end),
                    additions.end());
      if (!others.empty() && leads_to_plan(others)) {
        additions = std::move(others);
      } else {
        first = end;
      }
    }
  }
  return additions;
}

}  // namespace

SecondOpinion ask_second_opinion(const World& world, const std::vector<Problem>& problems,
                                 const std::vector<Problem>& causes, std::size_t most_steps,
                                 Trials& trials) {
  SecondOpinion opinion;
  for (const Problem& problem : problems) {
    // World itself is wrong, and was not searched.
    if (problem.kind == ProblemKind::broken_constraint || problem.kind == ProblemKind::missing_tag)
      return opinion;
  }
  const Terms terms = terms_of(trials.universe(), trials.request());
  const CompleteResult result = search_completely(
      trials.universe(), world, terms.available | terms.cached | terms.given, most_steps);
  opinion.verdict = result.verdict;
  const bool is_choice = std::all_of(causes.begin(), causes.end(), [](const Problem& cause) {
    return cause.kind == ProblemKind::virtual_name && !cause.remedies.empty();
  });
  if (result.verdict == Verdict::possible && !is_choice) {
    opinion.additions = AdditionSearch(world, problems, result.packages, trials).find();
  }
  return opinion;
}

}  // namespace tarn::apk
