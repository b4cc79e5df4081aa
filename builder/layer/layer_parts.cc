#include "builder/layer/layer_parts.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace tarn::builder {
namespace {

constexpr std::string_view installed_path = "lib/apk/db/installed";

/// A part being filled by a walk over the whole, in its order.
class PartFiller {
 public:
  explicit PartFiller(Rootfs& part) : part_(part) {}

  void put(const std::string& path, const Entry& entry) { part_.put(path, entry); }

  /// The directories of `stack` (path and entry, from the root down) that are not there yet.
  void put_directories(const std::vector<std::pair<std::string, const Entry*>>& stack) {
    for (const auto& [path, entry] : stack) {
      if (part_.find(path) != nullptr) continue;
      auto directory = std::make_shared<Node>();
      directory->mode = entry->node->mode;
      directory->uid = entry->node->uid;
      directory->gid = entry->node->gid;
      directory->xattrs = entry->node->xattrs;
      part_.put(path, {std::move(directory), entry->owner});
    }
  }

 private:
  Rootfs& part_;
};

/// Which part each package and each node belongs to.
class Places {
 public:
  Places(const Rootfs& rootfs, std::size_t packages, const std::vector<PackageGroup>& groups)
      : top_(groups.size()), of_packages_(packages, groups.size()) {
    for (std::size_t g = 0; g < groups.size(); ++g)
      for (const std::size_t package : groups[g].packages) of_packages_.at(package) = g;
    rootfs.walk([&](const std::string&, const Entry& entry) {
      if (entry.node->type == NodeType::directory) return;
      const std::size_t place = of_owner(entry.owner);
      auto& of_node = of_nodes_.try_emplace(entry.node.get(), place).first->second;
      of_node = std::max(of_node, place);
    });
  }

  std::size_t top() const { return top_; }
  std::size_t of_node(const Node& node) const { return of_nodes_.at(&node); }

 private:
  std::size_t of_owner(Owner owner) const {
    return owner.is_package() ? of_packages_.at(static_cast<std::size_t>(owner.value)) : top_;
  }

  std::size_t top_;
  std::vector<std::size_t> of_packages_;
  std::unordered_map<const Node*, std::size_t> of_nodes_;  ///< looked up, never walked
};

using DirectoryStack = std::vector<std::pair<std::string, const Entry*>>;

/// Leaves what does not lie above `path`.
void cut_stack(DirectoryStack& stack, const std::string& path) {
  while (!stack.empty() && !path.starts_with(stack.back().first + "/")) stack.pop_back();
}

/// The database with the packages of one group.
Entry partial_database(const Entry& whole, std::span<const apk::InstalledPackage> packages,
                       const PackageGroup& group) {
  std::vector<apk::InstalledPackage> in_group;
  for (const std::size_t package : group.packages) in_group.push_back(packages[package]);
  auto node = std::make_shared<Node>(*whole.node);
  node->content = Content::of(apk::installed_text(in_group));
  return {std::move(node), Owner{Owner::generated}};
}

std::int64_t newest_in_group(std::span<const apk::InstalledPackage> packages,
                             const PackageGroup& group) {
  std::int64_t newest = 0;
  for (const std::size_t package : group.packages)
    newest = std::max(newest, packages[package].package.build_time);
  return newest;
}

/// Where the database lies once links are followed; empty when there is none.
std::string database_path(const Rootfs& rootfs) {
  const Entry* entry = rootfs.find(installed_path);
  if (entry == nullptr || entry->node->type != NodeType::file) return {};
  return rootfs.resolve(installed_path);
}

}  // namespace

std::vector<LayerPart> split_rootfs(const Rootfs& rootfs,
                                    std::span<const apk::InstalledPackage> packages,
                                    const std::vector<PackageGroup>& groups, std::int64_t epoch) {
  const Places places(rootfs, packages.size(), groups);
  const std::string database = database_path(rootfs);
  std::vector<LayerPart> parts(groups.size() + 1);
  std::vector<PartFiller> fillers;
  for (LayerPart& part : parts) fillers.emplace_back(part.rootfs);
  for (std::size_t g = 0; g < groups.size(); ++g)
    parts[g].epoch = std::min(newest_in_group(packages, groups[g]), epoch);
  parts.back().epoch = epoch;

  DirectoryStack stack;
  rootfs.walk([&](const std::string& path, const Entry& entry) {
    cut_stack(stack, path);
    PartFiller& top = fillers[places.top()];
    if (entry.node->type == NodeType::directory) {
      stack.emplace_back(path, &entry);
      top.put_directories(stack);
      return;
    }
    const std::size_t place = places.of_node(*entry.node);
    if (place == places.top()) {
      top.put(path, entry);
    } else {
      fillers[place].put_directories(stack);
      fillers[place].put(path, entry);
    }
    if (path != database) return;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      fillers[g].put_directories(stack);
      fillers[g].put(path, partial_database(entry, packages, groups[g]));
    }
  });
  return parts;
}

}  // namespace tarn::builder
