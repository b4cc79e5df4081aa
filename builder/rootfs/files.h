#pragma once

#include <vector>

#include "builder/recipe/recipe.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// Puts a recipe's `files` into the rootfs, in their order: inline content, a file of the host, or
/// a folder of the host with all below it. What is there at a path is replaced (a link itself, not
/// what it leads to), only a directory is not; missing parents are made 0755 root:root.
///
/// Of the host nothing but content, names, links and the owner's x bit counts: files are 0644, or
/// 0755 where they may be executed, unless the entry has a mode; owners are the entry's. New
/// directories are 0755, or the entry's mode with x where it has r; one that is there stays as it
/// is. Links are copied as links; devices, sockets and fifos are refused. Contents of the host are
/// read when they are needed; their size is fixed now, and a file of another size then is an error.
/// Throws Error (usage) with the entry's position.
void apply_files(Rootfs& rootfs, const std::vector<FileEntry>& entries);

}  // namespace tarn::builder
