#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apk/solver/problem.h"

namespace tarn::test {

/// All packages and names that problems speak of.
inline std::set<std::string> mentioned_by(const std::vector<apk::Problem>& problems) {
  std::set<std::string> mentions;
  for (const apk::Problem& problem : problems) {
    mentions.insert(problem.name);
    mentions.insert(problem.candidates.begin(), problem.candidates.end());
    for (const auto* requirers :
         {&problem.required_by, &problem.violated, &problem.rival_required_by}) {
      for (const apk::Requirer& requirer : *requirers) {
        mentions.insert(requirer.package.empty() ? "world" : requirer.package);
      }
    }
  }
  return mentions;
}

/// Whether the problems speak of `subject`: a label or name, or a name whose label they have.
inline bool is_mentioned(const std::set<std::string>& mentions, const std::string& subject) {
  return std::any_of(mentions.begin(), mentions.end(), [&](const std::string& mention) {
    return mention == subject || mention.starts_with(subject + "-");
  });
}

/// The packages and names in apk's report: heads of its sections ("  musl-1.2-r0:",
/// "  nginx (no such package):"), and words such as `world[nginx]` and `provided by: NAME NAME`.
inline std::vector<std::string> subjects_of(const std::vector<std::string>& report) {
  std::vector<std::string> subjects;
  std::string field;
  for (std::string_view line : report) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos || indent == 0) continue;
    line.remove_prefix(indent);
    if (indent == 2) {
      subjects.emplace_back(line.substr(0, line.find_first_of(" :")));
      continue;
    }
    if (indent == 4) {
      const std::size_t colon = line.find(": ");
      field = line.substr(0, colon);
      line.remove_prefix(colon == std::string_view::npos ? line.size() : colon + 2);
    }
    if (field == "note" || field == "error" || field == "arch" || field == "masked in") continue;
    for (const std::string_view word : apk::split_words(line)) {
      subjects.emplace_back(word.substr(0, word.find('[')));
    }
  }
  return subjects;
}

}  // namespace tarn::test
