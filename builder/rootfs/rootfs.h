#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/rootfs/content.h"

namespace tarn::builder {

enum class NodeType { directory, file, symlink, character_device, block_device, fifo };

/// What made an entry: a package (its place in install order), the skeleton, or the build itself
/// (accounts, paths, files, database…).
struct Owner {
  static constexpr std::int32_t generated = -1;
  static constexpr std::int32_t skeleton = -2;
  std::int32_t value = generated;
  bool is_package() const { return value >= 0; }
  bool operator==(const Owner&) const = default;
};

struct Node;

/// A name in a directory. Several entries may share one node: they are hard links.
struct Entry {
  std::shared_ptr<Node> node;
  Owner owner;
};

/// A node of the staging rootfs.
struct Node {
  NodeType type = NodeType::directory;
  std::uint32_t mode = 0755;  ///< 07777
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime =
      0;  ///< seconds; of a directory or symlink no meaning until the layer sets it
  std::map<std::string, std::string> xattrs;
  Content content;     ///< of a file
  std::string target;  ///< of a symlink
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, Entry, std::less<>> children;  ///< of a directory, in order of octets
};

/// The file tree of an image as a model in memory. Paths are given without a leading '/', and no
/// operation can reach outside: ".." at the root stays there, symbolic links are followed inside.
class Rootfs {
 public:
  Rootfs();
  const Node& root() const { return *root_.node; }
  Node& root() { return *root_.node; }

  /// The node at `path`; symbolic links are followed in its folders, and at its end if `follow`.
  enum class Follow { last, not_last };
  const Entry* find(std::string_view path, Follow follow = Follow::not_last) const;
  Entry* find(std::string_view path, Follow follow = Follow::not_last);
  /// The path where `path` really lies: its folders' symbolic links resolved; its last part kept.
  /// Throws Error (failed) when a folder on the way is missing or is no directory, or links loop.
  std::string resolve(std::string_view path) const;

  /// Puts `entry` at `path`, replacing what is there. The folder must exist (through links), else
  /// Error (failed). No path is longer than 4095 octets.
  Entry& put(std::string_view path, Entry entry);
  /// Makes `path` and its missing parents as directories 0755 root:root of `owner`; an existing
  /// directory (or link to one) stays as it is.
  Entry& make_directories(std::string_view path, Owner owner);
  /// Removes the entry and all below it; false when there is none. A link is removed, not what it
  /// leads to.
  bool remove(std::string_view path);
  /// Writes a file that owns its text, as opening a path for writing does: symbolic links are
  /// followed to its end, missing parents are made (0755 root:root). A file that is there keeps its
  /// mode (unless `mode` is given), uid and gid, and all its names show the new text; the entry is
  /// `owner`'s from then on. Throws Error (failed) when anything but a regular file is there.
  Entry& write_file(std::string_view path, std::string_view text, Owner owner,
                    std::optional<std::uint32_t> mode = std::nullopt);
  /// Text of a regular file (links followed); nothing when there is none.
  std::optional<std::string> read_file(std::string_view path) const;

  /// Calls `visit` for every entry but the root, parents before children, names in order of octets.
  void walk(const std::function<void(const std::string& path, const Entry& entry)>& visit) const;

 private:
  Entry root_;
};

}  // namespace tarn::builder
