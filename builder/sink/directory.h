#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "builder/sink/layer_tree.h"

namespace tarn::builder {

/// How far a tree on disk is like the layers'.
enum class TreeRights {
  /// Everything, or an Error: for root, also of a user namespace (but device nodes there).
  all,
  /// What this process may set.
  possible,
  /// As `possible`, but every file stays accessible to its owner and device nodes are empty files:
  /// what they should be is for fakeroot to show.
  recorded,
};

/// Unpacks the tree into `folder`, which must be there and empty. Links are never followed. Gives
/// what this process could not set (owners, set-id bits that would then be another's, device nodes,
/// attributes), as lines for the person. Throws Error.
std::vector<std::string> unpack_tree(const LayerTree& tree, const std::filesystem::path& folder,
                                     TreeRights rights);

/// The owners, modes and device nodes of a tree that unpack_tree wrote to `folder`, in the format
/// of fakeroot's save file: `fakeroot -i FILE` shows the files of the folder with them.
std::string fakeroot_database(const LayerTree& tree, const std::filesystem::path& folder);

/// Throws Error (usage) when something is there that write_directory does not replace.
void check_directory(const std::filesystem::path& folder);

/// unpack_tree as a new folder (or in place of an empty one) that appears whole or not at all.
/// `fakeroot_file`: where its fakeroot_database goes; empty: it is not made.
std::vector<std::string> write_directory(const LayerTree& tree, const std::filesystem::path& folder,
                                         const std::filesystem::path& fakeroot_file);

}  // namespace tarn::builder
