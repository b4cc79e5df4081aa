#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/recipe/recipe.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::test {

/// A place in a recipe that errors are to name.
inline builder::Position at_line(int line) {
  return {"recipe.yaml", line, 3};
}

/// A symbolic link that a package brought.
inline void put_symlink(builder::Rootfs& rootfs, std::string_view path, std::string target) {
  auto node = std::make_shared<builder::Node>();
  node->type = builder::NodeType::symlink;
  node->mode = 0777;
  node->target = std::move(target);
  rootfs.put(path, builder::Entry{std::move(node), builder::Owner{0}});
}

/// The node at a path, which is there; a link at the end is not followed.
inline builder::Node& node_at(builder::Rootfs& rootfs, std::string_view path) {
  builder::Entry* const entry = rootfs.find(path);
  INFO("path: ", std::string(path));
  REQUIRE(entry != nullptr);
  return *entry->node;
}

/// Mode and owners of a node, to compare: "0755 0:0".
inline std::string access_of(const builder::Node& node) {
  return fmt::format("{:04o} {}:{}", node.mode, node.uid, node.gid);
}

/// The Error that a function throws.
template <typename Function>
Error error_of(Function&& function) {
  try {
    std::forward<Function>(function)();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  return {ErrorKind::failed, ""};
}

}  // namespace tarn::test
