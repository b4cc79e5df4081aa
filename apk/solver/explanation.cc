// Problems as text for people: what is wrong, who wants it, what there is instead, what to do.

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "apk/solver/advice.h"
#include "apk/solver/unsatisfiable.h"
#include "apk/solver/wording.h"

namespace tarn::apk {
namespace {

/// Of details; with message, contexts and hint no text is longer than 15 lines.
constexpr std::size_t kMostLines = 11;
constexpr std::size_t kMostRequirers = 3;
constexpr std::size_t kMostCandidates = 4;

class Explainer {
 public:
  Explainer(const UnsatisfiableError::Facts& facts)
      : diagnosis_(facts.diagnosis), wording_(facts) {}

  void explain(Error& error) const;
  std::string headline(const Problem& problem) const;

 private:
  void tell(const Problem& problem, Error& error) const;
  void tell_requirers(const std::string& label, const std::vector<Requirer>& requirers,
                      const std::string& known, Error& error) const;
  std::string because(const Problem& problem) const;
  std::string candidate_list(const Problem& problem) const;

  const Diagnosis& diagnosis_;
  Wording wording_;
};

/// The constraint a headline names: the only one, or none.
std::string only_constraint(const Problem& problem) {
  const auto& broken = problem.violated.empty() ? problem.required_by : problem.violated;
  if (broken.empty()) return {};
  std::string text = broken.front().dependency.str();
  for (const Requirer& requirer : broken) {
    if (requirer.dependency.str() != text) return {};
  }
  // A candidate that others are content with is not simply too old or too new.
  if (!problem.violated.empty() && !problem.required_by.empty()) return {};
  return text;
}

/// A constraint that says no more than the label of the package it is for.
std::string plain_constraint(const std::vector<Requirer>& requirers, const std::string& label) {
  if (requirers.size() != 1) return {};
  const std::string text = requirers.front().dependency.str();
  return label.starts_with(text + "-") ? text : std::string();
}

void Explainer::explain(Error& error) const {
  const auto& causes = diagnosis_.causes;
  tell(causes.front(), error);
  // That a provider can be named goes without saying.
  const bool is_choice = std::all_of(causes.begin(), causes.end(), [](const Problem& cause) {
    return cause.kind == ProblemKind::virtual_name;
  });
  if (diagnosis_.second_opinion.verdict == Verdict::possible && !is_choice) {
    error.detail("but", "other packages would fit; apk's search never goes back to try them");
  }
  std::size_t told = 1;
  for (; told < causes.size(); ++told) {
    const std::size_t left = causes.size() - told;
    if (error.details().size() + 1 >= kMostLines && left > 1) break;
    error.detail("also", headline(causes[told]) + because(causes[told]));
  }
  if (told < causes.size()) {
    error.detail("also", fmt::format("{} more problems", causes.size() - told));
  }
  error.hint(advice(diagnosis_, wording_));
}

std::string Explainer::headline(const Problem& problem) const {
  switch (problem.kind) {
    case ProblemKind::missing_name: {
      const std::string constraint = only_constraint(problem);
      return fmt::format("nothing provides '{}'", constraint.empty() ? problem.name : constraint);
    }
    case ProblemKind::wrong_version: {
      if (!problem.suitable.empty() && !problem.chosen.empty()) {
        return fmt::format("{} does not suit all who require '{}'", problem.chosen, problem.name);
      }
      const std::string constraint = only_constraint(problem);
      if (!constraint.empty()) return fmt::format("nothing provides '{}'", constraint);
      return fmt::format("no version of '{}' suits all who require it", problem.name);
    }
    case ProblemKind::virtual_name:
      return fmt::format("nothing says which package shall provide '{}'", problem.name);
    case ProblemKind::conflict:
      if (!problem.violated.empty()) {
        const std::string& by = problem.violated.front().package;
        return fmt::format("{} is needed, but {} forbids it", problem.name,
                           by.empty() ? wording_.world() : by);
      }
      if (problem.candidates.empty()) {
        return fmt::format("{} does not fit with the packages chosen before it", problem.name);
      }
      return fmt::format("{} and {} cannot be installed together", problem.name,
                         problem.candidates.front());
    case ProblemKind::masked_tag:
      return fmt::format("{} is only in repositories tagged {}", problem.name, problem.reason);
    case ProblemKind::masked_architecture:
      return fmt::format("{} is for {} only", problem.name, problem.reason);
    case ProblemKind::masked_network:
      return fmt::format("{} cannot be had without a network", problem.name);
    case ProblemKind::broken_package:
      return fmt::format("{} cannot be installed: {}", problem.name, problem.reason);
    case ProblemKind::broken_constraint:
      return fmt::format("'{}' does not end in a valid version",
                         problem.required_by.front().dependency.str());
    case ProblemKind::missing_tag:
      return fmt::format("no repository has the tag {}", problem.reason);
  }
  return problem.name;
}

void Explainer::tell(const Problem& problem, Error& error) const {
  if (problem.kind == ProblemKind::conflict) {
    const bool is_pair = !problem.rival_required_by.empty() && !problem.candidates.empty();
    tell_requirers("forbidden by", problem.violated, {}, error);
    tell_requirers(is_pair ? problem.name + " required by" : "required by", problem.required_by,
                   plain_constraint(problem.required_by, problem.name), error);
    if (!is_pair) return;
    const std::string& rival = problem.candidates.front();
    tell_requirers(rival + " required by", problem.rival_required_by,
                   plain_constraint(problem.rival_required_by, rival), error);
    error.detail("both provide", joined(problem.shared_names, kMostCandidates));
    return;
  }
  const std::string known = only_constraint(problem);
  tell_requirers("required by", problem.violated, known, error);
  tell_requirers("required by", problem.required_by, known, error);
  if (problem.kind == ProblemKind::wrong_version) {
    error.detail("available", candidate_list(problem));
  } else if (problem.kind == ProblemKind::virtual_name) {
    error.detail("provided by", candidate_list(problem));
  } else if (!problem.suggestions.empty()) {
    error.detail("similar", suggestion_list(problem));
  }
}

void Explainer::tell_requirers(const std::string& label, const std::vector<Requirer>& requirers,
                               const std::string& known, Error& error) const {
  const std::size_t shown =
      requirers.size() > kMostRequirers ? kMostRequirers - 1 : requirers.size();
  for (std::size_t i = 0; i < shown; ++i) {
    error.detail(label, wording_.requirer(requirers[i], known));
  }
  if (shown < requirers.size()) {
    error.detail(label, fmt::format("{} more", requirers.size() - shown));
  }
}

/// The first who is concerned, and what there is instead, for a problem told in one line.
std::string Explainer::because(const Problem& problem) const {
  const auto& concerned = problem.violated.empty() ? problem.required_by : problem.violated;
  std::string text;
  if (!concerned.empty()) {
    text = "required by " + wording_.requirer(concerned.front(), only_constraint(problem));
  }
  if (problem.kind == ProblemKind::conflict && !problem.violated.empty()) {
    text = "forbidden by " + wording_.requirer(concerned.front(), {});
  }
  std::string instead;
  if (problem.kind == ProblemKind::wrong_version && !problem.candidates.empty()) {
    instead = "available: " + problem.candidates.front();
  } else if (!problem.suggestions.empty()) {
    instead = "similar: " + problem.suggestions.front().name;
  }
  if (!instead.empty()) text += (text.empty() ? "" : "; ") + instead;
  return text.empty() ? text : fmt::format(" ({})", text);
}

std::string Explainer::candidate_list(const Problem& problem) const {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < problem.candidates.size(); ++i) {
    std::string text = problem.candidates[i];
    if (i < problem.candidate_repositories.size()) {
      const std::string repository = wording_.repository(problem.candidate_repositories[i]);
      if (!repository.empty()) text += fmt::format(" ({})", repository);
    }
    texts.push_back(std::move(text));
  }
  return joined(texts, kMostCandidates);
}

}  // namespace

std::string UnsatisfiableError::Facts::position(const Dependency& entry) const {
  const auto found = std::find_if(positions.begin(), positions.end(),
                                  [&](const auto& position) { return position.first == entry; });
  return found == positions.end() ? std::string() : found->second;
}

UnsatisfiableError explain(Diagnosis diagnosis, const Request& request, const Origins& origins) {
  UnsatisfiableError::Facts facts;
  facts.diagnosis = std::move(diagnosis);
  facts.architectures = request.architectures;
  if (origins.world) {
    for (const Dependency& entry : request.world) {
      facts.positions.emplace_back(entry, origins.world(entry));
    }
  }
  for (std::size_t i = 0; i < request.repositories.size(); ++i) {
    std::string label;
    if (i < origins.repository_labels.size()) label = origins.repository_labels[i];
    const std::string& tag = request.repositories[i].tag;
    if (!tag.empty()) label += (label.empty() ? "@" : " @") + tag;
    facts.repositories.push_back(std::move(label));
  }
  const Explainer explainer(facts);
  Error told(ErrorKind::unsatisfiable, explainer.headline(facts.diagnosis.causes.front()));
  explainer.explain(told);
  UnsatisfiableError error(told.message(), std::move(facts));
  for (const auto& [label, text] : told.details()) error.detail(label, text);
  error.hint(told.hint());
  return error;
}

}  // namespace tarn::apk
