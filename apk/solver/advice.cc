#include "apk/solver/advice.h"

#include <algorithm>
#include <vector>

#include <fmt/core.h>

namespace tarn::apk {
namespace {

/// More entries than these are no help to choose from.
constexpr std::size_t kMostEntries = 3;

std::string quoted(const Dependency& entry) {
  return fmt::format("'{}'", entry.str());
}

/// The changes of world that make the cause go away; empty where none is known.
std::string change(const Problem& cause, const Wording& wording) {
  if (cause.remedies.empty()) return {};
  std::vector<std::string> entries;
  for (const WorldEdit& edit : cause.remedies) entries.push_back(quoted(edit.entry));
  const auto& replaced = cause.remedies.front().instead_of;
  if (!replaced) return fmt::format("add {} to {}", alternatives(entries), wording.world());
  if (cause.required_by.size() + cause.violated.size() == 1) {
    return fmt::format("write {} instead", alternatives(entries));
  }
  return fmt::format("write {} instead of {}", alternatives(entries), wording.entry(*replaced));
}

/// Which entries of world may go; empty where there are too many to choose from.
std::string omission(const Problem& cause, const Wording& wording) {
  if (cause.core.empty() || cause.core.size() > kMostEntries) return {};
  std::vector<std::string> entries;
  for (const Dependency& entry : cause.core) {
    const auto is_replaced = [&](const WorldEdit& edit) { return edit.instead_of == entry; };
    if (std::none_of(cause.remedies.begin(), cause.remedies.end(), is_replaced)) {
      entries.push_back(wording.entry(entry));
    }
  }
  if (entries.empty()) return {};
  return "leave out " + alternatives(entries);
}

std::string either(const std::string& first, const std::string& second) {
  if (first.empty() || second.empty()) return first + second;
  return fmt::format("{}, or {}", first, second);
}

bool is_required_by_world(const Problem& cause) {
  return std::all_of(cause.required_by.begin(), cause.required_by.end(),
                     [](const Requirer& requirer) { return requirer.package.empty(); });
}

std::string about_version(const Problem& cause, const Wording& wording) {
  const std::string relaxed = change(cause, wording);
  const auto& first = cause.violated.empty() ? cause.required_by : cause.violated;
  if (first.size() + cause.required_by.size() > 1 && !cause.violated.empty() &&
      !cause.required_by.empty()) {
    const std::string instead = either(relaxed, omission(cause, wording));
    return instead.empty() ? "relax one of these constraints, or add a repository with a version "
                             "that suits all"
                           : instead;
  }
  const Dependency& wanted = first.front().dependency;
  const std::string other = fmt::format("add a repository that has {}",
                                        wanted.version.empty() ? cause.name : wanted.str());
  if (relaxed.empty()) return either(omission(cause, wording), other);
  if (wanted.match == VersionMatch::equal &&
      cause.remedies.front().entry.match == VersionMatch::fuzzy &&
      wanted.version.starts_with(cause.remedies.front().entry.version)) {
    return fmt::format("repositories keep only the newest revision: {}", relaxed);
  }
  return either(relaxed, other);
}

std::string about_name(const Problem& cause, const Wording& wording) {
  const std::string other =
      fmt::format("add a repository that has '{}'{}", cause.name, wording.likely_repository());
  return either(
      is_required_by_world(cause) ? change(cause, wording) : std::string(),
      either(other, is_required_by_world(cause) ? std::string() : omission(cause, wording)));
}

std::string about(const Problem& cause, const Wording& wording) {
  switch (cause.kind) {
    case ProblemKind::missing_name:
      return about_name(cause, wording);
    case ProblemKind::wrong_version:
      return about_version(cause, wording);
    case ProblemKind::virtual_name:
    case ProblemKind::masked_tag: {
      const std::string changed = change(cause, wording);
      if (!changed.empty()) return changed;
      if (cause.kind == ProblemKind::virtual_name) return "name the one you want explicitly";
      return either(omission(cause, wording), "ask for it with a tag: NAME" + cause.reason);
    }
    case ProblemKind::conflict: {
      const std::string fewer = omission(cause, wording);
      return fewer.empty() ? "leave out one of them, or what requires it" : fewer;
    }
    case ProblemKind::masked_architecture:
      return either(fmt::format("add a repository that has it for {}", wording.architecture()),
                    omission(cause, wording));
    case ProblemKind::masked_network:
      return either("allow the use of the network", omission(cause, wording));
    case ProblemKind::broken_package:
      return either("add a repository with a sound version of it", omission(cause, wording));
    case ProblemKind::broken_constraint:
      return "versions look like 1.2.3-r0";
    case ProblemKind::missing_tag:
      return either(change(cause, wording),
                    fmt::format("give the repository you mean the tag {}", cause.reason));
  }
  return {};
}

}  // namespace

std::string advice(const Diagnosis& diagnosis, const Wording& wording) {
  const auto& additions = diagnosis.second_opinion.additions;
  if (additions.empty()) return about(diagnosis.causes.front(), wording);
  std::string list;
  for (std::size_t i = 0; i < additions.size(); ++i) {
    if (i > 0) list += i + 1 == additions.size() ? " and " : ", ";
    list += quoted(additions[i]);
  }
  return fmt::format("add {} to {}: then everything fits", list, wording.world());
}

}  // namespace tarn::apk
