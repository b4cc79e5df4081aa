#include "builder/scripts/shell_glob.h"

#include <algorithm>

#include "builder/scripts/command.h"
#include "builder/scripts/shell_pattern.h"

namespace tarn::builder {
namespace {

class Globber {
 public:
  Globber(std::string_view directory, const ScriptRootfs& files, ScriptBudget& budget)
      : directory_(directory), files_(files), budget_(budget) {}

  std::vector<std::string> match(std::string_view pattern) {
    std::vector<std::string> found = {""};
    while (!pattern.empty() && !found.empty()) {
      const auto slashes = std::min(pattern.find_first_not_of('/'), pattern.size());
      for (auto& path : found) path += pattern.substr(0, slashes);
      pattern.remove_prefix(slashes);
      const auto end = std::min(pattern.find('/'), pattern.size());
      const auto part = pattern.substr(0, end);
      pattern.remove_prefix(end);
      if (part.empty()) continue;
      found = has_wildcards(part) ? matches_in(found, part, !pattern.empty())
                                  : with_name(found, without_escapes(part), !pattern.empty());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  std::string absolute(std::string_view path) const {
    if (path.starts_with('/')) return std::string(path);
    return std::string(directory_) + "/" + std::string(path);
  }

  bool is_there(const std::string& path, bool as_folder) const {
    const auto* entry =
        files_.find(absolute(path), as_folder ? Rootfs::Follow::last : Rootfs::Follow::not_last);
    return entry != nullptr && (!as_folder || entry->node->type == NodeType::directory);
  }

  void add(std::vector<std::string>& found, std::string path, bool as_folder) {
    budget_.spend_steps();
    if (!is_there(path, as_folder)) return;
    budget_.spend_octets(path.size());
    found.push_back(std::move(path));
  }

  std::vector<std::string> with_name(const std::vector<std::string>& folders,
                                     const std::string& name, bool as_folder) {
    std::vector<std::string> found;
    for (const auto& folder : folders) add(found, folder + name, as_folder);
    return found;
  }

  std::vector<std::string> matches_in(const std::vector<std::string>& folders,
                                      std::string_view pattern, bool as_folder) {
    PatternRules rules;
    rules.leading_dot = true;
    std::vector<std::string> found;
    for (const auto& folder : folders) {
      const auto path = absolute(folder);
      for (const std::string_view outside : {"/dev/", "/proc/", "/sys/"})
        if ((files_.real_path(path) + "/").starts_with(outside))
          throw NotNative("a pattern for what is in " + std::string(outside));
      const auto* entry = files_.find(path, Rootfs::Follow::last);
      if (entry == nullptr || entry->node->type != NodeType::directory) continue;
      std::vector<std::string> names = {".", ".."};
      for (const auto& [name, child] : entry->node->children) names.push_back(name);
      for (const auto& name : names) {
        budget_.spend_steps(1 + name.size() * pattern.size() / 1024);
        if (matches_pattern(pattern, name, rules)) add(found, folder + name, as_folder);
      }
    }
    return found;
  }

  std::string_view directory_;
  const ScriptRootfs& files_;
  ScriptBudget& budget_;
};

}  // namespace

std::vector<std::string> matching_paths(std::string_view pattern, std::string_view directory,
                                        const ScriptRootfs& files, ScriptBudget& budget) {
  return Globber(directory, files, budget).match(pattern);
}

}  // namespace tarn::builder
