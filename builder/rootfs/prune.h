#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "builder/recipe/recipe.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// What prune() removed.
struct Pruned {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;             ///< contents of the files, hard links counted once
  std::vector<Located> without_match;  ///< globs of the recipe that matched nothing
};

/// Removes what a recipe's `prune` names from the rootfs: the sets
///
/// * doc: /usr/share/doc, gtk-doc and info, and the same below /usr/local;
/// * man: /usr/share/man, and below /usr/local;
/// * locale: /usr/share/locale, /usr/lib/locale, and below /usr/local;
/// * pyc: every __pycache__ and every *.pyc;
///
/// or globs that begin with '/', in which '*' and '?' stand for octets within one part of a path
/// and a part "**" for any number of parts, at the end for at least one. A directory that matches
/// goes with all below it; one that merely becomes empty stays. Paths are those where files really
/// lie, links are not followed. Throws Error (usage) with the position for an unknown set or a glob
/// that would match the root.
Pruned prune(Rootfs& rootfs, const std::vector<Located>& patterns);

/// A named set: globs, each of which means what matches with all below it.
struct PruneSet {
  std::string name;
  std::vector<std::string> globs;
};

/// All of them, in the order in which they stand above.
std::vector<PruneSet> prune_sets();
/// What prune() with this pattern alone would remove: the paths that match, but not those below
/// them. Throws as prune() does.
std::vector<std::string> prunable_paths(const Rootfs& rootfs, const Located& pattern);

/// Whether a path, without a leading '/', matches a glob that begins with one.
bool matches_glob(std::string_view glob, std::string_view path);

}  // namespace tarn::builder
