#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "builder/scripts/busybox_links.h"

namespace tarn::test {

/// Puts a symbolic link in place of what is there, and the folders it needs.
inline void put_link(builder::Rootfs& rootfs, const builder::AppletLink& link) {
  const auto slash = link.path.rfind('/');
  if (slash != std::string::npos)
    rootfs.make_directories(link.path.substr(0, slash), builder::Owner{});
  auto node = std::make_shared<builder::Node>();
  node->type = builder::NodeType::symlink;
  node->mode = 0777;
  node->target = link.target;
  rootfs.put(link.path, builder::Entry{std::move(node), builder::Owner{}});
}

/// Makes the links of a program's applets; gives the number of new ones.
inline std::size_t install_applet_links(builder::Rootfs& rootfs, std::string_view program) {
  std::size_t made = 0;
  for (const auto& link : builder::applet_links(rootfs, program)) {
    if (rootfs.find(link.path) != nullptr) continue;
    put_link(rootfs, link);
    ++made;
  }
  return made;
}

inline std::size_t install_bbsuid_links(builder::Rootfs& rootfs) {
  const auto links = builder::bbsuid_links(rootfs);
  for (const auto& link : links) put_link(rootfs, link);
  return links.size();
}

/// All links an image with busybox has in the end, in the order in which busybox' trigger makes
/// them.
inline std::size_t install_busybox_links(builder::Rootfs& rootfs) {
  std::size_t made = install_bbsuid_links(rootfs);
  made += install_applet_links(rootfs, "bin/busybox-extras");
  return made + install_applet_links(rootfs, "bin/busybox");
}

}  // namespace tarn::test
