#pragma once

#include <string>

#include <fmt/core.h>

#include "builder/rootfs/rootfs.h"

namespace tarn::test {

/// All that a rootfs says of itself, one entry a line, for comparing: hard links are named by the
/// first of their names.
inline std::string tree_text(const builder::Rootfs& rootfs) {
  std::map<const builder::Node*, std::string> first_names;
  std::string text;
  const auto add = [&](const std::string& path, const builder::Node& node, std::int32_t owner) {
    const std::string& first = first_names.emplace(&node, path).first->second;
    text += fmt::format("{} owner={} first={} type={} mode={:o} {}:{} mtime={} target='{}' {},{}",
                        path, owner, first, static_cast<int>(node.type), node.mode, node.uid,
                        node.gid, node.mtime, node.target, node.device_major, node.device_minor);
    for (const auto& [name, value] : node.xattrs) text += fmt::format(" {}={}", name, value);
    text += fmt::format(" content='{}'\n", node.content.read());
  };
  add("/", rootfs.root(), 0);
  rootfs.walk([&](const std::string& path, const builder::Entry& entry) {
    add(path, *entry.node, entry.owner.value);
  });
  return text;
}

}  // namespace tarn::test
