#include "builder/scripts/sandbox_merge.h"

#include <cerrno>
#include <deque>
#include <map>
#include <utility>

#include <unistd.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

std::string read_range(const FileDescriptor& file, const ContentRange& range) {
  std::string text(range.size, '\0');
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t size = ::pread(file.get(), text.data() + done, text.size() - done,
                                 static_cast<off_t>(range.offset + done));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) throw system_error("reading what the sandbox made", size < 0 ? errno : EIO);
    done += static_cast<std::size_t>(size);
  }
  return text;
}

/// Works out what nodes are to become, and does it at the end, when nothing can fail any more.
class Merger {
 public:
  Merger(const SandboxTree& tree, const FileDescriptor& contents, std::int64_t now)
      : tree_(tree), contents_(contents), now_(now) {}

  void add(const ListedEntry& entry) {
    const std::shared_ptr<Node> node = node_of(entry);
    if (entry.path.empty()) {
      folders_[""] = &becoming_.at(node.get())->after;
      return;
    }
    const auto slash = entry.path.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : entry.path.substr(0, slash);
    const std::string name = entry.path.substr(slash + 1);
    const auto folder = folders_.find(parent);
    if (folder == folders_.end()) {
      throw Error(ErrorKind::failed, "the sandbox' listing has no folder for " + entry.path);
    }
    folder->second->children.emplace(name, Entry{node, owner_of(parent, name, *node)});
    if (node->type != NodeType::directory) return;
    folders_[entry.path] = &becoming_.at(node.get())->after;
    nodes_of_folders_[entry.path] = node;
    if (is_mount_point(entry)) mount_points_.push_back(entry.path);
  }

  void commit() {
    drop_mount_points();
    for (Becoming& becoming : changes_) *becoming.node = std::move(becoming.after);
  }

 private:
  struct Becoming {
    std::shared_ptr<Node> node;
    Node after;
  };

  bool is_mount_point(const ListedEntry& entry) const {
    return entry.item && tree_.items.at(*entry.item).kind == SandboxItem::Kind::mount_point;
  }

  std::shared_ptr<Node> node_of(const ListedEntry& entry) {
    const bool is_new = !entry.item || is_mount_point(entry);
    std::shared_ptr<Node> node;
    if (is_new) {
      auto& known = new_nodes_[{entry.item.has_value(), entry.item.value_or(entry.identity)}];
      if (known != nullptr) return known;
      known = std::make_shared<Node>();
      known->type = entry.type;
      known->mtime = now_;
      node = known;
    } else {
      node = tree_.items.at(*entry.item).node;
      if (becoming_.contains(node.get())) return node;
    }
    if (is_new || entry.type == NodeType::directory || is_changed(entry)) {
      changes_.push_back({node, changed(*node, entry)});
      becoming_[node.get()] = &changes_.back();
    }
    return node;
  }

  static bool is_changed(const ListedEntry& entry) {
    return entry.mode || entry.uid || entry.gid || entry.mtime || entry.content ||
           !entry.set_xattrs.empty() || !entry.removed_xattrs.empty();
  }

  Node changed(const Node& node, const ListedEntry& entry) const {
    Node after;
    after.type = node.type;
    after.mode = entry.mode.value_or(node.mode);
    after.uid = entry.uid.value_or(node.uid);
    after.gid = entry.gid.value_or(node.gid);
    after.mtime = node.mtime;
    if (entry.mtime) after.mtime = *entry.mtime == ListedEntry::during_run ? now_ : *entry.mtime;
    after.xattrs = node.xattrs;
    after.content = node.content;
    after.target = entry.target.empty() ? node.target : entry.target;
    after.device_major = node.device_major;
    after.device_minor = node.device_minor;
    if (entry.content) {
      const std::string text = read_range(contents_, *entry.content);
      const bool same = text.size() == node.content.size && text == node.content.read();
      if (!same) after.content = Content::of(text);
    }
    for (const std::string& name : entry.removed_xattrs) after.xattrs.erase(name);
    for (const auto& [name, value] : entry.set_xattrs) after.xattrs[name] = value;
    return after;
  }

  /// A name that is still the same node's, in the same folder, is whose it was.
  Owner owner_of(const std::string& parent, const std::string& name, const Node& node) const {
    const Node* folder = tree_.items.front().node.get();
    if (!parent.empty()) folder = nodes_of_folders_.at(parent).get();
    const auto before = folder->children.find(name);
    if (before == folder->children.end() || before->second.node.get() != &node) return {};
    return before->second.owner;
  }

  /// Folders that were made to mount something on, and where the script has put nothing.
  void drop_mount_points() {
    for (auto path = mount_points_.rbegin(); path != mount_points_.rend(); ++path) {
      if (!folders_.at(*path)->children.empty()) continue;
      const auto slash = path->rfind('/');
      const std::string parent = slash == std::string::npos ? "" : path->substr(0, slash);
      folders_.at(parent)->children.erase(path->substr(slash + 1));
    }
  }

  const SandboxTree& tree_;
  const FileDescriptor& contents_;
  std::int64_t now_;
  std::deque<Becoming> changes_;
  // For looking up; nothing goes through them in their order.
  std::map<const Node*, Becoming*> becoming_;
  std::map<std::pair<bool, std::uint64_t>, std::shared_ptr<Node>> new_nodes_;
  std::map<std::string, Node*> folders_;
  std::map<std::string, std::shared_ptr<Node>> nodes_of_folders_;
  std::vector<std::string> mount_points_;
};

}  // namespace

void merge_listing(Rootfs& rootfs, const SandboxTree& tree, const std::vector<ListedEntry>& entries,
                   const FileDescriptor& contents, std::int64_t now) {
  if (tree.items.empty() || tree.items.front().node.get() != &rootfs.root() || entries.empty() ||
      !entries.front().path.empty()) {
    throw Error(ErrorKind::failed, "the sandbox' listing is of another tree");
  }
  Merger merger(tree, contents, now);
  for (const ListedEntry& entry : entries) merger.add(entry);
  merger.commit();
}

}  // namespace tarn::builder
