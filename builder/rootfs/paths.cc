#include "builder/rootfs/paths.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/rootfs/entry_fault.h"

namespace tarn::builder {
namespace {

std::string_view trimmed(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string_view folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

/// Gives `node` what the entry names. A link has no mode of its own.
void set_access(Node& node, const PathEntry& entry) {
  if (entry.permissions && node.type != NodeType::symlink) node.mode = *entry.permissions;
  if (entry.uid) node.uid = *entry.uid;
  if (entry.gid) node.gid = *entry.gid;
}

void set_access_below(Node& folder, const PathEntry& entry) {
  for (auto& [name, child] : folder.children) {
    set_access(*child.node, entry);
    set_access_below(*child.node, entry);
  }
}

void set_all_access(Node& node, const PathEntry& entry) {
  set_access(node, entry);
  if (entry.recursive) set_access_below(node, entry);
}

void apply_directory(Rootfs& rootfs, std::string_view path, const PathEntry& entry) {
  Entry* const there = rootfs.find(path, Rootfs::Follow::last);
  if (there != nullptr && there->node->type != NodeType::directory)
    throw Error(ErrorKind::usage, fmt::format("'/{}' is there and is no directory", path));
  set_all_access(*rootfs.make_directories(path, Owner{}).node, entry);
}

void apply_empty_file(Rootfs& rootfs, std::string_view path, const PathEntry& entry) {
  set_access(*rootfs.write_file(path, "", Owner{}).node, entry);
}

/// Puts a new name where nothing, or nothing that would be missed without a word, is.
Entry& put_link(Rootfs& rootfs, std::string_view path, std::shared_ptr<Node> node) {
  const Entry* const there = rootfs.find(path);
  if (there != nullptr && there->node->type == NodeType::directory &&
      !there->node->children.empty())
    throw Error(
        ErrorKind::usage,
        fmt::format("'/{}' is a directory that is not empty: no link can replace it", path));
  rootfs.make_directories(folder_of(path), Owner{});
  return rootfs.put(path, Entry{std::move(node), Owner{}});
}

void apply_hardlink(Rootfs& rootfs, std::string_view path, const PathEntry& entry) {
  const Entry* const source = rootfs.find(entry.source, Rootfs::Follow::last);
  if (source == nullptr)
    throw Error(ErrorKind::usage,
                fmt::format("hardlink '/{}': there is no '{}' to link to", path, entry.source));
  if (source->node->type == NodeType::directory)
    throw Error(ErrorKind::usage,
                fmt::format("hardlink '/{}': '{}' is a directory", path, entry.source))
        .hint("use type: symlink");
  set_access(*put_link(rootfs, path, source->node).node, entry);
}

void apply_symlink(Rootfs& rootfs, std::string_view path, const PathEntry& entry) {
  if (entry.source.empty())
    throw Error(ErrorKind::usage, fmt::format("symlink '/{}' without a source", path));
  auto node = std::make_shared<Node>();
  node->type = NodeType::symlink;
  node->mode = 0777;
  node->target = entry.source;
  set_access(*put_link(rootfs, path, std::move(node)).node, entry);
}

void apply_permissions(Rootfs& rootfs, std::string_view path, const PathEntry& entry) {
  Entry* there = rootfs.find(path, Rootfs::Follow::last);
  if (there == nullptr) there = rootfs.find(path);  // a link that leads nowhere has owners, too
  if (there == nullptr)
    throw Error(ErrorKind::usage, fmt::format("permissions of '/{}': there is no such path", path))
        .hint("make it with type: directory or empty-file, or install the package that has it");
  set_all_access(*there->node, entry);
}

void apply_path(Rootfs& rootfs, const PathEntry& entry) {
  const auto path = trimmed(entry.path);
  const bool changes_root =
      entry.type == PathType::directory || entry.type == PathType::permissions;
  if (path.empty() && !changes_root)
    throw Error(ErrorKind::usage, "the root directory can be nothing else");
  switch (entry.type) {
    case PathType::directory:
      return apply_directory(rootfs, path, entry);
    case PathType::empty_file:
      return apply_empty_file(rootfs, path, entry);
    case PathType::hardlink:
      return apply_hardlink(rootfs, path, entry);
    case PathType::symlink:
      return apply_symlink(rootfs, path, entry);
    case PathType::permissions:
      return apply_permissions(rootfs, path, entry);
  }
}

}  // namespace

void apply_paths(Rootfs& rootfs, const std::vector<PathEntry>& entries) {
  for (const auto& entry : entries) blame_entry(entry.position, [&] { apply_path(rootfs, entry); });
}

}  // namespace tarn::builder
