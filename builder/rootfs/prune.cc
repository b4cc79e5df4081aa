#include "builder/rootfs/prune.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/rootfs/entry_fault.h"

namespace tarn::builder {
namespace {

struct NamedSet {
  std::string_view name;
  std::array<std::string_view, 6> globs;  ///< unused ones are empty
};

constexpr std::array<NamedSet, 4> named_sets = {{
    {"doc",
     {"/usr/share/doc", "/usr/share/gtk-doc", "/usr/share/info", "/usr/local/share/doc",
      "/usr/local/share/gtk-doc", "/usr/local/share/info"}},
    {"man", {"/usr/share/man", "/usr/local/share/man", "/usr/local/man"}},
    {"locale",
     {"/usr/share/locale", "/usr/lib/locale", "/usr/local/share/locale", "/usr/local/lib/locale"}},
    {"pyc", {"/**/__pycache__", "/**/*.pyc"}},
}};

using Parts = std::vector<std::string_view>;

Parts parts_of(std::string_view path) {
  Parts parts;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end != 0) parts.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

/// Matching of two sequences in which `is_star(p)` elements of the pattern match any run and
/// `matches(p, t)` decides for the others; time is bounded by the product of the lengths.
template <typename Pattern, typename Text, typename IsStar, typename Matches>
bool match_sequence(const Pattern& pattern, const Text& text, IsStar is_star, Matches matches) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = pattern.size();  // the last star seen, and where its run began
  std::size_t run = 0;
  while (t < text.size()) {
    if (p < pattern.size() && is_star(pattern[p])) {
      star = p++;
      run = t;
    } else if (p < pattern.size() && matches(pattern[p], text[t])) {
      ++p;
      ++t;
    } else if (star != pattern.size()) {
      p = star + 1;
      t = ++run;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && is_star(pattern[p])) ++p;
  return p == pattern.size();
}

bool part_matches(std::string_view pattern, std::string_view part) {
  return match_sequence(
      pattern, part, [](char p) { return p == '*'; },
      [](char p, char c) { return p == '?' || p == c; });
}

bool parts_match(const Parts& glob, const Parts& path) {
  return match_sequence(
      glob, path, [](std::string_view part) { return part == "**"; },
      [](std::string_view pattern, std::string_view part) { return part_matches(pattern, part); });
}

/// The parts of a glob. What ends in "/**" is all that lies below, not the folder itself.
Parts glob_parts(std::string_view glob) {
  Parts parts = parts_of(glob);
  if (!parts.empty() && parts.back() == "**") parts.emplace_back("*");
  return parts;
}

/// The globs one item of `prune` stands for.
std::vector<std::string> globs_of(const Located& item) {
  if (item.text.starts_with('/')) {
    const auto parts = parts_of(item.text);
    if (parts.empty() ||
        std::all_of(parts.begin(), parts.end(), [](auto part) { return part == "**"; }))
      throw entry_fault(item.position, fmt::format("prune: '{}' is the whole image", item.text));
    return {item.text};
  }
  std::string names;
  for (const auto& set : named_sets) {
    if (set.name == item.text) {
      std::vector<std::string> globs(set.globs.begin(), set.globs.end());
      std::erase(globs, "");
      return globs;
    }
    names += (names.empty() ? "" : ", ") + std::string(set.name);
  }
  throw entry_fault(item.position, fmt::format("prune: there is no set '{}'", item.text))
      .detail("known", names)
      .hint("paths and globs begin with '/'");
}

/// The paths below a folder that match, but not those below them.
void find_matches(const Node& folder, const std::string& prefix, const Parts& glob,
                  std::set<std::string, std::less<>>& matches) {
  for (const auto& [name, entry] : folder.children) {
    std::string path = prefix.empty() ? name : prefix + "/" + name;
    if (parts_match(glob, parts_of(path)))
      matches.insert(std::move(path));
    else if (entry.node->type == NodeType::directory)
      find_matches(*entry.node, path, glob, matches);
  }
}

/// Counts what goes.
class PrunedCounter {
 public:
  explicit PrunedCounter(Pruned& pruned) : pruned_(pruned) {}

  void count(const Node& node) {
    ++pruned_.entries;
    if (node.type == NodeType::file && counted_.insert(&node).second)
      pruned_.bytes += node.content.size;
    for (const auto& [name, child] : node.children) count(*child.node);
  }

 private:
  Pruned& pruned_;
  std::set<const Node*> counted_;  ///< looked up, never walked
};

/// A glob without wildcards names a path, so the links of its folders count.
std::string without_links(const Rootfs& rootfs, const std::string& glob) {
  if (glob.find_first_of("*?") != std::string::npos || rootfs.find(glob) == nullptr) return glob;
  return "/" + rootfs.resolve(glob);
}

std::set<std::string, std::less<>> matches_of(const Rootfs& rootfs, const std::string& glob) {
  std::set<std::string, std::less<>> matches;
  find_matches(rootfs.root(), "", glob_parts(without_links(rootfs, glob)), matches);
  return matches;
}

}  // namespace

std::vector<PruneSet> prune_sets() {
  std::vector<PruneSet> sets;
  for (const NamedSet& named : named_sets) {
    PruneSet set{std::string(named.name), {named.globs.begin(), named.globs.end()}};
    std::erase(set.globs, "");
    sets.push_back(std::move(set));
  }
  return sets;
}

std::vector<std::string> prunable_paths(const Rootfs& rootfs, const Located& pattern) {
  std::set<std::string, std::less<>> paths;
  for (const std::string& glob : globs_of(pattern)) paths.merge(matches_of(rootfs, glob));
  // One glob of a set may match what lies below another's.
  std::erase_if(paths, [&paths](const std::string& path) {
    for (std::size_t end = path.find('/'); end != path.npos; end = path.find('/', end + 1))
      if (paths.contains(std::string_view(path).substr(0, end))) return true;
    return false;
  });
  return {paths.begin(), paths.end()};
}

bool matches_glob(std::string_view glob, std::string_view path) {
  return parts_match(glob_parts(glob), parts_of(path));
}

Pruned prune(Rootfs& rootfs, const std::vector<Located>& patterns) {
  std::vector<std::pair<const Located*, std::vector<std::string>>> items;
  items.reserve(patterns.size());
  for (const auto& pattern : patterns) items.emplace_back(&pattern, globs_of(pattern));

  Pruned pruned;
  PrunedCounter counter(pruned);
  for (const auto& [pattern, globs] : items)
    for (const auto& glob : globs) {
      const auto matches = matches_of(rootfs, glob);
      for (const std::string& path : matches) {
        counter.count(*rootfs.find(path)->node);
        rootfs.remove(path);
      }
      if (matches.empty() && glob == pattern->text) pruned.without_match.push_back(*pattern);
    }
  return pruned;
}

}  // namespace tarn::builder
