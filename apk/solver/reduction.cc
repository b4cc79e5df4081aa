#include "apk/solver/reduction.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace tarn::apk {
namespace {

/// More are not told in full anyway.
constexpr std::size_t kMostReduced = 6;

using World = std::vector<Dependency>;

World joined(const World& a, const World& b) {
  World both = a;
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

/// The fewest of `entries` that have `problem`, given that all of them have. When no trials are
/// left, some that could go stay.
class CoreSearch {
 public:
  CoreSearch(const Problem& problem, Trials& trials) : problem_(problem), trials_(trials) {}

  World find(const World& entries) {
    if (entries.size() < 2) return entries;
    return find({}, false, entries);
  }

 private:
  bool fails(const World& world) { return trials_.any_left() && trials_.has(world, problem_); }

  World find(const World& given, bool is_new, const World& entries) {
    if (is_new && fails(given)) return {};
    if (entries.size() == 1) return entries;
    const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
    const World first(entries.begin(), middle);
    const World second(middle, entries.end());
    const World of_second = find(joined(given, first), true, second);
    const World of_first = find(joined(given, of_second), !of_second.empty(), first);
    return joined(of_first, of_second);
  }

  const Problem& problem_;
  Trials& trials_;
};

/// The entries of world at the ends of the problem's chains, in the order of world.
World entries_of(const Problem& problem, const World& world) {
  World entries;
  for (const Dependency& entry : world) {
    const auto is_end = [&](const Requirer& requirer) { return requirer.world == entry; };
    for (const auto* list : {&problem.required_by, &problem.violated, &problem.rival_required_by}) {
      if (!std::any_of(list->begin(), list->end(), is_end)) continue;
      entries.push_back(entry);
      break;
    }
  }
  return entries;
}

/// How far a requirer is from world.
std::size_t distance(const Requirer& requirer) {
  return requirer.package.empty() ? 0 : requirer.chain.size() + 1;
}

/// Keeps the requirer nearest to world.
void keep_nearest(std::vector<Requirer>& requirers) {
  if (requirers.size() < 2) return;
  const auto nearest = std::min_element(
      requirers.begin(), requirers.end(),
      [](const Requirer& a, const Requirer& b) { return distance(a) < distance(b); });
  requirers = {Requirer(*nearest)};
}

/// The providers of the name that satisfy all that is required of it.
std::vector<std::string> suitable_for(const Universe& universe, NameId name,
                                      const std::vector<const Requirer*>& requirers) {
  std::vector<std::string> suitable;
  for (const Provider& provider : universe.providers(name)) {
    if (!universe.is_installable(provider.package)) continue;
    if (std::all_of(requirers.begin(), requirers.end(), [&](const Requirer* requirer) {
          return requirer->dependency.is_satisfied_by(provider.version,
                                                      universe.identity(provider.package));
        })) {
      suitable.push_back(universe.label(provider.package));
    }
  }
  return suitable;
}

/// Drops who may be dropped while still no provider suits all that are left: those furthest from
/// world first.
void reduce_versions(const Universe& universe, Problem& problem) {
  const auto name = universe.find(problem.name);
  if (!name) return;
  std::vector<const Requirer*> kept;
  for (const auto* list : {&problem.violated, &problem.required_by}) {
    for (const Requirer& requirer : *list) kept.push_back(&requirer);
  }
  problem.suitable = suitable_for(universe, *name, kept);
  if (!problem.suitable.empty()) {
    keep_nearest(problem.violated);
    keep_nearest(problem.required_by);
    return;
  }
  std::vector<const Requirer*> order = kept;
  std::stable_sort(order.begin(), order.end(), [](const Requirer* a, const Requirer* b) {
    return distance(*a) > distance(*b);
  });
  for (const Requirer* requirer : order) {
    std::vector<const Requirer*> others = kept;
    others.erase(std::find(others.begin(), others.end(), requirer));
    if (!others.empty() && suitable_for(universe, *name, others).empty()) kept = std::move(others);
  }
  for (auto* list : {&problem.violated, &problem.required_by}) {
    std::vector<Requirer> left;
    for (const Requirer& requirer : *list) {
      if (std::find(kept.begin(), kept.end(), &requirer) != kept.end()) left.push_back(requirer);
    }
    *list = std::move(left);
  }
}

void reduce_requirers(const Universe& universe, Problem& problem) {
  switch (problem.kind) {
    case ProblemKind::wrong_version:
      reduce_versions(universe, problem);
      break;
    case ProblemKind::conflict:
      keep_nearest(problem.violated);
      keep_nearest(problem.required_by);
      keep_nearest(problem.rival_required_by);
      break;
    default:
      // Each who requires it is a reason of its own.
      break;
  }
}

const Problem* find_same(const std::vector<Problem>& problems, const Problem& problem) {
  const auto found = std::find_if(problems.begin(), problems.end(), [&](const Problem& other) {
    return is_same_problem(other, problem);
  });
  return found == problems.end() ? nullptr : &*found;
}

/// Whether all of these want something by way of the package, if there are any.
bool all_by_way_of(const std::string& package, const std::vector<Requirer>& requirers) {
  return !requirers.empty() &&
         std::all_of(requirers.begin(), requirers.end(), [&](const Requirer& requirer) {
           return requirer.package == package ||
                  std::any_of(requirer.chain.begin(), requirer.chain.end(),
                              [&](const ChainLink& link) { return link.package == package; });
         });
}

/// Whether there is only a problem by way of a package that cannot be had anyway.
bool is_beyond(const Problem& problem, const Problem& told) {
  std::string package;
  switch (told.kind) {
    case ProblemKind::masked_tag:
    case ProblemKind::masked_architecture:
    case ProblemKind::masked_network:
    case ProblemKind::broken_package:
      package = told.name;
      break;
    case ProblemKind::wrong_version:
      if (told.suitable.empty()) package = told.chosen;
      break;
    default:
      break;
  }
  return !package.empty() &&
         (all_by_way_of(package, problem.violated) || all_by_way_of(package, problem.required_by) ||
          all_by_way_of(package, problem.rival_required_by));
}

/// Whether `problem` need not be told besides those that are: it follows from one of them, or the
/// same entries of world lead to it. A missing name is always news.
bool follows(const Problem& problem, const std::vector<Problem>& told,
             const std::vector<Problem>& explained) {
  if (std::any_of(told.begin(), told.end(),
                  [&](const Problem& other) { return is_beyond(problem, other); })) {
    return true;
  }
  return problem.kind != ProblemKind::missing_name && find_same(explained, problem) != nullptr;
}

/// Problems of the same rank stand together.
int rank(const Problem& problem) {
  switch (problem.kind) {
    case ProblemKind::missing_name:
      return 0;
    case ProblemKind::virtual_name:
      return 2;
    case ProblemKind::conflict:
      return 3;
    default:
      return 1;
  }
}

/// Whether the entries that lead to `problem`, or a part of them, lead to one of the others
/// already: of equals, to an earlier one.
bool is_wider(const Problem& problem, const std::vector<Problem>& others) {
  if (problem.kind == ProblemKind::missing_name) return false;
  return std::any_of(others.begin(), others.end(), [&](const Problem& other) {
    const World& part = other.core;
    const bool is_earlier = &other < &problem;
    return !part.empty() && part.size() < problem.core.size() + (is_earlier ? 1 : 0) &&
           std::all_of(part.begin(), part.end(), [&](const Dependency& entry) {
             return std::find(problem.core.begin(), problem.core.end(), entry) !=
                    problem.core.end();
           });
  });
}

/// Leaves out what is likely to go when a simpler problem does; of equals, what fewer entries lead
/// to comes first.
std::vector<Problem> simplest_first(const std::vector<Problem>& problems) {
  std::vector<Problem> simple;
  for (const Problem& problem : problems) {
    if (!is_wider(problem, problems)) simple.push_back(problem);
  }
  for (auto first = simple.begin(); first != simple.end();) {
    const auto last = std::find_if(
        first, simple.end(), [&](const Problem& problem) { return rank(problem) != rank(*first); });
    // Without trials left no core is known; its size turns round to the highest then.
    std::stable_sort(first, last, [](const Problem& a, const Problem& b) {
      return a.core.size() - 1 < b.core.size() - 1;
    });
    first = last;
  }
  return simple;
}

}  // namespace

std::vector<Problem> reduce(const World& world, const std::vector<Problem>& problems,
                            Trials& trials) {
  std::vector<Problem> reduced;
  std::vector<Problem> explained;
  for (const Problem& problem : problems) {
    if (follows(problem, reduced, explained)) continue;
    Problem cause = problem;
    if (reduced.size() < kMostReduced && trials.any_left()) {
      World entries = entries_of(problem, world);
      if (entries.empty() || (entries.size() < world.size() && !trials.has(entries, problem))) {
        entries = world;
      }
      entries = CoreSearch(problem, trials).find(entries);
      const auto left = trials.problems(entries);
      if (const Problem* same = find_same(left, problem)) {
        // Of what each requirer brings about alone, all are told.
        if (problem.kind == ProblemKind::conflict || problem.kind == ProblemKind::wrong_version) {
          cause = *same;
        }
        cause.core = std::move(entries);
        // What one entry leads to by itself cannot be told with fewer.
        if (cause.core.size() == 1) explained.insert(explained.end(), left.begin(), left.end());
      }
    }
    reduce_requirers(trials.universe(), cause);
    reduced.push_back(std::move(cause));
  }
  return simplest_first(reduced);
}

}  // namespace tarn::apk
