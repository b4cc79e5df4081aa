#include "builder/description.h"

#include <string>

#include <fmt/core.h>

namespace tarn::builder {

void Description::add(std::string_view text) {
  hasher_.update(fmt::format("{} ", text.size()));
  hasher_.update(text);
}

void Description::add(const Rootfs& rootfs) {
  rootfs.walk([&](const std::string& path, const Entry& entry) {
    const Node& node = *entry.node;
    add(path);
    add(fmt::format("{} {:o} {} {} {} {} {}", static_cast<int>(node.type), node.mode, node.uid,
                    node.gid, node.mtime, node.device_major, node.device_minor));
    add(node.target);
    for (const auto& [name, value] : node.xattrs) {
      add(name);
      add(value);
    }
    if (node.type == NodeType::file) add(sha256(node.content.read()));
  });
}

}  // namespace tarn::builder
