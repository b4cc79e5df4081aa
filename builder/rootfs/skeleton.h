#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "apk/support/hash.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// One entry of a skeleton: a directory, a file or a symbolic link.
struct SkeletonEntry {
  std::string path;  ///< without a leading '/'
  NodeType type = NodeType::directory;
  std::uint32_t mode = 0755;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string target;   ///< of a link
  std::string content;  ///< of a file
};

/// What lies beneath the packages of an image: a path that a package brings is the package's.
struct Skeleton {
  std::string name;
  std::vector<SkeletonEntry> entries;  ///< in the order of the manifest
};

/// A skeleton by what a recipe calls it: "" (which is "minimal"), the name of one built into the
/// program, "none", or the absolute path of a folder. A skeleton's folder has a manifest `mtree`
/// and, below `files/`, the content of each file under its path in the image.
///
/// The manifest is a plain subset of mtree(5): a line for each entry, `PATH type=dir|file|link
/// [mode=OCTAL] [uid=N] [gid=N] [link=TARGET]`, with `\ooo` for octets that are white space, '\' or
/// '#'; empty lines and those that begin with '#'. Without a mode: 0755 for directories, 0644 for
/// files. Throws Error (usage) for an unknown name or a manifest that is not so, with its line.
Skeleton load_skeleton(std::string_view name);

/// The skeletons built into the program, sorted.
std::vector<std::string> skeleton_names();

/// Lays a skeleton into a rootfs that has no packages yet.
void apply_skeleton(Rootfs& rootfs, const Skeleton& skeleton);

/// A hash of everything apply_skeleton() takes from it.
Sha256Digest skeleton_digest(const Skeleton& skeleton);

}  // namespace tarn::builder
