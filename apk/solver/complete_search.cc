#include "apk/solver/complete_search.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "apk/solver/choice_problem.h"

namespace tarn::apk {
namespace {

/// A choice that is made (even) or ruled out (odd).
using Literal = std::uint32_t;
Literal made(Choice choice) {
  return choice * 2;
}
Literal ruled_out(Choice choice) {
  return choice * 2 + 1;
}
Literal opposite(Literal literal) {
  return literal ^ 1U;
}
Choice choice_of(Literal literal) {
  return literal / 2;
}

constexpr std::uint32_t kNoClause = UINT32_MAX;

/// Why a literal holds.
struct Reason {
  std::uint32_t clause = kNoClause;
  Choice rival = kNoChoice;  ///< the choice that excludes it
};

/// Literals of which one has to hold. The first two are watched: while neither is false there is
/// nothing to do.
using Clause = std::vector<Literal>;

/// Conflict-driven search. Decisions only ever make choices that some requirement lacks; what is
/// left open in the end is not chosen.
class ClauseSearch {
 public:
  ClauseSearch(const ChoiceProblem& problem, std::size_t most_steps, std::size_t& steps)
      : problem_(problem),
        most_steps_(most_steps),
        steps_(steps),
        values_(problem.size() * 2, Value::open),
        variables_(problem.size()),
        watched_by_(problem.size() * 2),
        is_marked_(problem.size()) {}

  Verdict run();
  std::vector<PackageId> chosen() const;

 private:
  enum class Value : std::uint8_t { open, yes, no };
  struct Variable {
    std::uint32_t level = 0;
    Reason reason;
  };
  /// Requirements that were looked at are fulfilled: of world, then of each choice on the trail.
  struct Cursor {
    std::size_t trail = 0;  ///< 0: world; else one more than the place on the trail
    std::size_t requirement = 0;
  };
  struct Level {
    std::size_t trail;
    Cursor cursor;
  };

  bool add_requirements();
  bool add_clause(Clause clause);
  void set(Literal literal, Reason reason);
  bool propagate();
  bool propagate_exclusions(Literal literal);
  bool propagate_clauses(Literal literal);
  bool decide();
  void learn();
  void mark(Literal literal, std::size_t& open_marks, Clause& learned);
  void undo_to(std::uint32_t level);
  std::uint32_t level() const { return static_cast<std::uint32_t>(levels_.size()); }
  bool is(Literal literal, Value value) const { return values_[literal] == value; }

  const ChoiceProblem& problem_;
  std::size_t most_steps_;
  std::size_t& steps_;
  std::vector<Value> values_;  ///< by literal
  std::vector<Variable> variables_;
  std::vector<Clause> clauses_;
  std::vector<std::vector<std::uint32_t>> watched_by_;  ///< by literal
  std::vector<Literal> trail_;
  std::size_t propagated_ = 0;
  std::vector<Level> levels_;
  Cursor cursor_;
  Clause conflict_;
  std::vector<bool> is_marked_;
};

Verdict ClauseSearch::run() {
  if (!add_requirements()) return Verdict::impossible;
  for (;;) {
    const bool is_consistent = propagate();
    if (steps_ > most_steps_) return Verdict::unknown;
    if (!is_consistent) {
      if (level() == 0) return Verdict::impossible;
      learn();
    } else if (!decide()) {
      return Verdict::possible;
    }
  }
}

std::vector<PackageId> ClauseSearch::chosen() const {
  std::vector<PackageId> packages;
  for (const Literal literal : trail_) {
    if (literal == made(choice_of(literal))) {
      packages.push_back(problem_.package(choice_of(literal)));
    }
  }
  return packages;
}

bool ClauseSearch::add_requirements() {
  for (const Choice choice : problem_.impossible()) {
    if (!add_clause({ruled_out(choice)})) return false;
  }
  for (const Requirement& requirement : problem_.requirements()) {
    Clause clause;
    for (const Choice choice : problem_.choices(requirement)) clause.push_back(made(choice));
    if (requirement.by != kNoChoice) clause.push_back(ruled_out(requirement.by));
    if (!add_clause(std::move(clause))) return false;
  }
  return true;
}

/// False if it contradicts what holds anyway.
bool ClauseSearch::add_clause(Clause clause) {
  steps_ += clause.size();
  if (clause.empty()) return false;
  if (clause.size() == 1) {
    if (is(clause[0], Value::no)) return false;
    if (is(clause[0], Value::open)) set(clause[0], {});
    return true;
  }
  const auto number = static_cast<std::uint32_t>(clauses_.size());
  // Units may have made literals false already: the watched ones must not be among these.
  std::stable_partition(clause.begin(), clause.end(),
                        [&](Literal literal) { return !is(literal, Value::no); });
  if (is(clause[0], Value::no)) return false;
  if (is(clause[1], Value::no) && is(clause[0], Value::open)) set(clause[0], {});
  watched_by_[clause[0]].push_back(number);
  watched_by_[clause[1]].push_back(number);
  clauses_.push_back(std::move(clause));
  return true;
}

void ClauseSearch::set(Literal literal, Reason reason) {
  ++steps_;
  values_[literal] = Value::yes;
  values_[opposite(literal)] = Value::no;
  variables_[choice_of(literal)] = {level(), reason};
  trail_.push_back(literal);
}

bool ClauseSearch::propagate() {
  while (propagated_ < trail_.size()) {
    const Literal literal = trail_[propagated_++];
    if (steps_ > most_steps_) return true;
    if (literal == made(choice_of(literal)) && !propagate_exclusions(literal)) return false;
    if (!propagate_clauses(opposite(literal))) return false;
  }
  return true;
}

bool ClauseSearch::propagate_exclusions(Literal literal) {
  const Choice choice = choice_of(literal);
  const auto rivals = problem_.excluded_by(choice, most_steps_ - steps_ + 1);
  steps_ += rivals.size();
  for (const Choice rival : rivals) {
    if (is(ruled_out(rival), Value::open)) {
      set(ruled_out(rival), {kNoClause, choice});
    } else if (is(ruled_out(rival), Value::no)) {
      conflict_ = {ruled_out(choice), ruled_out(rival)};
      return false;
    }
  }
  return true;
}

/// What follows from `falsified` being false now.
bool ClauseSearch::propagate_clauses(Literal falsified) {
  std::vector<std::uint32_t> watching = std::move(watched_by_[falsified]);
  watched_by_[falsified].clear();
  for (std::size_t i = 0; i < watching.size(); ++i) {
    ++steps_;
    Clause& clause = clauses_[watching[i]];
    if (clause[0] == falsified) std::swap(clause[0], clause[1]);
    if (!is(clause[0], Value::yes)) {
      const auto other = std::find_if(clause.begin() + 2, clause.end(),
                                      [&](Literal literal) { return !is(literal, Value::no); });
      if (other != clause.end()) {
        std::swap(clause[1], *other);
        watched_by_[clause[1]].push_back(watching[i]);
        continue;
      }
    }
    watched_by_[falsified].push_back(watching[i]);
    if (is(clause[0], Value::open)) {
      set(clause[0], {watching[i], kNoChoice});
    } else if (is(clause[0], Value::no)) {
      conflict_ = clause;
      watched_by_[falsified].insert(watched_by_[falsified].end(),
                                    watching.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                    watching.end());
      return false;
    }
  }
  return true;
}

/// Makes the best-liked choice for the first requirement that lacks one; false if none does.
bool ClauseSearch::decide() {
  for (; cursor_.trail <= trail_.size(); ++cursor_.trail, cursor_.requirement = 0) {
    Choice by = kNoChoice;
    if (cursor_.trail > 0) {
      const Literal literal = trail_[cursor_.trail - 1];
      by = choice_of(literal);
      if (literal != made(by)) continue;
    }
    const auto requirements = problem_.requirements_of(by);
    for (; cursor_.requirement < requirements.size(); ++cursor_.requirement) {
      const auto choices =
          problem_.choices(problem_.requirements()[requirements[cursor_.requirement]]);
      steps_ += choices.size();
      if (std::any_of(choices.begin(), choices.end(),
                      [&](Choice choice) { return is(made(choice), Value::yes); })) {
        continue;
      }
      const auto open = std::find_if(choices.begin(), choices.end(),
                                     [&](Choice choice) { return is(made(choice), Value::open); });
      levels_.push_back({trail_.size(), cursor_});
      set(made(*open), {});
      return true;
    }
  }
  return false;
}

void ClauseSearch::mark(Literal literal, std::size_t& open_marks, Clause& learned) {
  const Choice choice = choice_of(literal);
  if (is_marked_[choice] || variables_[choice].level == 0) return;
  is_marked_[choice] = true;
  if (variables_[choice].level == level()) {
    ++open_marks;
  } else {
    learned.push_back(literal);
  }
}

/// Turns the conflict into a clause that would have prevented it, goes back to where that clause
/// leaves but one way, and takes it.
void ClauseSearch::learn() {
  Clause learned = {0};
  std::size_t open_marks = 0;
  for (const Literal literal : conflict_) mark(literal, open_marks, learned);
  std::size_t place = trail_.size();
  for (;;) {
    ++steps_;
    do {
      --place;
    } while (!is_marked_[choice_of(trail_[place])]);
    const Literal literal = trail_[place];
    if (open_marks-- == 1) {
      learned[0] = opposite(literal);
      break;
    }
    const Reason& reason = variables_[choice_of(literal)].reason;
    if (reason.rival != kNoChoice) {
      mark(ruled_out(reason.rival), open_marks, learned);
    } else {
      for (const Literal other : clauses_[reason.clause]) mark(other, open_marks, learned);
    }
  }
  for (std::size_t i = place; i < trail_.size(); ++i) is_marked_[choice_of(trail_[i])] = false;
  for (const Literal literal : learned) is_marked_[choice_of(literal)] = false;

  // The second watched literal is one of those decided last.
  const auto latest =
      std::max_element(learned.begin() + 1, learned.end(), [&](Literal a, Literal b) {
        return variables_[choice_of(a)].level < variables_[choice_of(b)].level;
      });
  const bool is_unit = latest == learned.end();
  undo_to(is_unit ? 0 : variables_[choice_of(*latest)].level);
  const Literal consequence = learned[0];
  if (is_unit) {
    set(consequence, {});
    return;
  }
  std::swap(learned[1], *latest);
  const auto number = static_cast<std::uint32_t>(clauses_.size());
  watched_by_[learned[0]].push_back(number);
  watched_by_[learned[1]].push_back(number);
  steps_ += learned.size();
  clauses_.push_back(std::move(learned));
  set(consequence, {number, kNoChoice});
}

void ClauseSearch::undo_to(std::uint32_t level) {
  const Level& earliest = levels_[level];
  for (std::size_t i = earliest.trail; i < trail_.size(); ++i) {
    values_[trail_[i]] = values_[opposite(trail_[i])] = Value::open;
  }
  trail_.resize(earliest.trail);
  propagated_ = std::min(propagated_, trail_.size());
  cursor_ = earliest.cursor;
  levels_.resize(level);
}

}  // namespace

CompleteResult search_completely(Universe& universe, const std::vector<Dependency>& world,
                                 Mask repositories, std::size_t most_steps) {
  CompleteResult result;
  const ChoiceProblem problem(universe, world, repositories, most_steps, result.steps);
  if (!problem.is_whole()) return result;
  ClauseSearch search(problem, most_steps, result.steps);
  result.verdict = search.run();
  if (result.verdict == Verdict::possible) result.packages = search.chosen();
  return result;
}

}  // namespace tarn::apk
