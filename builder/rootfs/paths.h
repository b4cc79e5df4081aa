#pragma once

#include <vector>

#include "builder/recipe/recipe.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// Applies a recipe's `paths`, in their order, once packages and accounts are in place. Missing
/// parents are made 0755 root:root; a '/' at the end of a path means nothing; what makes entries
/// makes them 0:0 unless told.
///
/// * directory: made 0755 unless told; one that is there keeps what the entry does not name.
/// * empty-file: made 0644 unless told; a file that is there is emptied.
/// * hardlink: another name of the file `source`; replaces what is there, but no directory that
///   holds something.
/// * symlink: a link with the text `source`, whether it leads anywhere or not; replaces likewise.
///   Owners are those of the link: what it leads to is never changed.
/// * permissions: changes what the entry names of what is there, through links as chmod does.
///
/// `recursive` gives mode and owners, as far as the entry names them, to all below a directory;
/// links below keep to themselves (their own owners change). Throws Error (usage) with the entry's
/// position.
void apply_paths(Rootfs& rootfs, const std::vector<PathEntry>& entries);

}  // namespace tarn::builder
