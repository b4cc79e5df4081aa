// Problems as text for people: what is wrong, who wants it, what there is instead, what to do.

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "apk/solver/problem.h"
#include "apk/solver/solver.h"

namespace tarn::apk {
namespace {

constexpr std::size_t kMostLines = 12;
constexpr std::size_t kMostRequirers = 4;
constexpr std::size_t kMostCandidates = 4;
constexpr std::size_t kLongestChain = 6;

class Explainer {
 public:
  Explainer(const Request& request, const Origins& origins)
      : request_(request), origins_(origins) {}

  Error explain(const std::vector<Problem>& problems) {
    Error error(ErrorKind::unsatisfiable, headline(problems.front()));
    tell(problems.front(), error);
    std::size_t told = 1;
    for (; told < problems.size(); ++told) {
      const std::size_t left = problems.size() - told;
      if (error.details().size() + 2 >= kMostLines && left > 1) break;
      error.detail("also", headline(problems[told]) + because(problems[told]));
    }
    if (told < problems.size()) {
      error.detail("also", fmt::format("{} more problems", problems.size() - told));
    }
    error.hint(advice(problems.front()));
    return error;
  }

 private:
  std::string headline(const Problem& problem) const;
  std::string advice(const Problem& problem) const;
  void tell(const Problem& problem, Error& error) const;
  void tell_requirers(const std::string& label, const std::vector<Requirer>& requirers,
                      const std::string& known, Error& error) const;
  std::string because(const Problem& problem) const;
  std::string candidate_list(const Problem& problem) const;
  std::string world_text(const Dependency& dependency, const std::string& known) const;
  std::string requirer_text(const Requirer& requirer, const std::string& known) const;

  std::string repository_label(std::size_t number) const;

  const Request& request_;
  const Origins& origins_;
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

std::string joined(const std::vector<std::string>& texts, std::size_t most) {
  std::string list;
  for (std::size_t i = 0; i < texts.size() && i < most; ++i) {
    if (i > 0) list += ", ";
    list += texts[i];
  }
  if (texts.size() > most) list += fmt::format(" and {} more", texts.size() - most);
  return list;
}

std::string Explainer::headline(const Problem& problem) const {
  switch (problem.kind) {
    case ProblemKind::missing_name: {
      const std::string constraint = only_constraint(problem);
      return fmt::format("nothing provides '{}'", constraint.empty() ? problem.name : constraint);
    }
    case ProblemKind::wrong_version: {
      const std::string constraint = only_constraint(problem);
      if (!constraint.empty()) return fmt::format("nothing provides '{}'", constraint);
      return fmt::format("no version of '{}' suits all who require it", problem.name);
    }
    case ProblemKind::virtual_name:
      return fmt::format("nothing says which package shall provide '{}'", problem.name);
    case ProblemKind::conflict:
      if (!problem.violated.empty()) {
        return fmt::format("{} is needed, but {} forbids it", problem.name,
                           problem.candidates.empty() ? "world" : problem.candidates.front());
      }
      if (problem.candidates.empty()) {
        return fmt::format("{} does not fit with the packages chosen before it", problem.name);
      }
      return fmt::format("{} and {} cannot be installed together", problem.name,
                         problem.candidates.front());
    case ProblemKind::masked:
      if (problem.reason.starts_with('@')) {
        return fmt::format("{} is only in repositories tagged {}", problem.name, problem.reason);
      }
      if (problem.reason.starts_with("architecture ")) {
        return fmt::format("{} is for another machine: {}", problem.name, problem.reason);
      }
      return fmt::format("{} cannot be installed: {}", problem.name, problem.reason);
    case ProblemKind::broken_constraint:
      return fmt::format("'{}' does not end in a valid version",
                         problem.required_by.front().dependency.str());
    case ProblemKind::missing_tag:
      return fmt::format("no repository has the tag {}", problem.reason);
  }
  return problem.name;
}

std::string Explainer::advice(const Problem& problem) const {
  const std::string bare = problem.name;
  switch (problem.kind) {
    case ProblemKind::missing_name:
      if (!problem.suggestions.empty())
        return "check the name, or add a repository that carries it";
      return "add a repository that carries it, or leave it out";
    case ProblemKind::wrong_version:
      if (problem.violated.size() > 1 || !problem.required_by.empty()) {
        return "relax one of these constraints, or add a repository with a version that fits all";
      }
      if (problem.violated.front().dependency.match == VersionMatch::equal) {
        return "repositories drop superseded versions: relax the version ('~' accepts later "
               "revisions), or add a repository that carries it";
      }
      return "relax the version, or add a repository that carries it";
    case ProblemKind::virtual_name:
      return "name the one you want explicitly";
    case ProblemKind::conflict:
      return "leave out one of them, or what requires it";
    case ProblemKind::masked:
      if (problem.reason.starts_with('@')) {
        const std::string tag = problem.reason.substr(0, problem.reason.find(' '));
        for (const Requirer& requirer : problem.required_by) {
          if (!requirer.package.empty()) continue;
          Dependency tagged = requirer.dependency;
          tagged.tag = tag.substr(1);
          return fmt::format("ask for '{}' to allow it", tagged.str());
        }
        return fmt::format("ask for it, or what requires it, with {} to allow it", tag);
      }
      return "use another package or repository";
    case ProblemKind::broken_constraint:
      return "versions look like 1.2.3-r0";
    case ProblemKind::missing_tag:
      return "give a repository this tag, or drop it from the package";
  }
  return {};
}

void Explainer::tell(const Problem& problem, Error& error) const {
  const std::string known = only_constraint(problem);
  if (problem.kind == ProblemKind::conflict) {
    tell_requirers("forbidden by", problem.violated, {}, error);
    tell_requirers("required by", problem.required_by, {}, error);
    if (!problem.shared_names.empty()) {
      error.detail("both provide", joined(problem.shared_names, kMostCandidates));
    }
    return;
  }
  tell_requirers("required by", problem.violated, known, error);
  tell_requirers("required by", problem.required_by, known, error);
  switch (problem.kind) {
    case ProblemKind::missing_name:
      if (!problem.suggestions.empty()) {
        error.detail("similar", joined(problem.suggestions, kMostCandidates));
      }
      break;
    case ProblemKind::wrong_version:
      error.detail("available", candidate_list(problem));
      break;
    case ProblemKind::virtual_name:
      error.detail("provided by", candidate_list(problem));
      break;
    default:
      break;
  }
}

void Explainer::tell_requirers(const std::string& label, const std::vector<Requirer>& requirers,
                               const std::string& known, Error& error) const {
  const std::size_t shown =
      requirers.size() > kMostRequirers ? kMostRequirers - 1 : requirers.size();
  for (std::size_t i = 0; i < shown; ++i) error.detail(label, requirer_text(requirers[i], known));
  if (shown < requirers.size()) {
    error.detail(label, fmt::format("{} more", requirers.size() - shown));
  }
}

/// The first who is concerned, for a problem that is told in one line.
std::string Explainer::because(const Problem& problem) const {
  const auto& concerned = problem.violated.empty() ? problem.required_by : problem.violated;
  if (concerned.empty()) return {};
  return fmt::format(" ({})", requirer_text(concerned.front(), only_constraint(problem)));
}

std::string Explainer::candidate_list(const Problem& problem) const {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < problem.candidates.size(); ++i) {
    std::string text = problem.candidates[i];
    if (i < problem.candidate_repositories.size()) {
      const std::string repository = repository_label(problem.candidate_repositories[i]);
      if (!repository.empty()) text += fmt::format(" ({})", repository);
    }
    texts.push_back(std::move(text));
  }
  return joined(texts, kMostCandidates);
}

std::string Explainer::repository_label(std::size_t number) const {
  std::string label;
  if (number < origins_.repository_labels.size()) label = origins_.repository_labels[number];
  if (number >= request_.repositories.size() || request_.repositories[number].tag.empty()) {
    return label;
  }
  return (label.empty() ? "@" : label + " @") + request_.repositories[number].tag;
}

/// Where world says it; the words too, unless they are `known` already.
std::string Explainer::world_text(const Dependency& dependency, const std::string& known) const {
  const std::string origin = origins_.world ? origins_.world(dependency) : std::string();
  const std::string text = dependency.str();
  if (origin.empty()) return fmt::format("world ({})", text);
  return text == known ? origin : fmt::format("{} ({})", origin, text);
}

std::string Explainer::requirer_text(const Requirer& requirer, const std::string& known) const {
  if (requirer.package.empty()) return world_text(requirer.dependency, known);
  std::string text = requirer.package;
  if (requirer.dependency.str() != known) text += fmt::format(" ({})", requirer.dependency.str());
  const std::size_t length = requirer.chain.size();
  for (std::size_t i = 0; i < length; ++i) {
    if (length > kLongestChain && i == kLongestChain / 2) {
      text += " <- ...";
      i = length - kLongestChain / 2;
    }
    text += " <- " + requirer.chain[i];
  }
  return text + " <- " + world_text(requirer.world, {});
}

}  // namespace

Error explain(const std::vector<Problem>& problems, const Request& request,
              const Origins& origins) {
  if (problems.empty()) return {ErrorKind::unsatisfiable, "no packages can be chosen"};
  return Explainer(request, origins).explain(problems);
}

}  // namespace tarn::apk
