#include "builder/scripts/script_rootfs.h"

#include <algorithm>
#include <cerrno>

#include "apk/support/bytes.h"

namespace tarn::builder {
namespace {

/// Linux' bounds: links followed in one path, octets of a path and of a name.
constexpr int link_limit = 40;
constexpr std::size_t path_limit = 4095;
constexpr std::size_t name_limit = 255;

constexpr std::uint32_t set_uid = 04000;
constexpr std::uint32_t set_gid = 02000;
constexpr std::uint32_t group_execute = 010;
constexpr const char* capability = "security.capability";

/// Octets that a file which is appended to again and again shares with what it was before, so that
/// each line costs its own length only. Contents hold ranges of it, which never change.
class GrowingSource final : public ContentSource {
 public:
  explicit GrowingSource(std::string_view text)
      : bytes_(std::make_shared<Bytes>(as_bytes(text).begin(), as_bytes(text).end())) {}
  std::shared_ptr<const Bytes> load() const override { return bytes_; }
  std::uint64_t size() const { return bytes_->size(); }
  void append(std::string_view text) const {
    bytes_->insert(bytes_->end(), as_bytes(text).begin(), as_bytes(text).end());
  }

 private:
  std::shared_ptr<Bytes> bytes_;
};

Content appended(const Content& content, std::string_view text) {
  if (text.empty()) return content;
  if (content.size == 0) return Content::of(text);
  const auto* const growing = dynamic_cast<const GrowingSource*>(content.source.get());
  if (growing != nullptr && content.offset + content.size == growing->size()) {
    growing->append(text);
    return {content.source, content.offset, content.size + text.size()};
  }
  const std::string whole = content.read().append(text);
  return {std::make_shared<const GrowingSource>(whole), 0, whole.size()};
}

/// Puts the parts of `path` before `pending`, which is in reverse order. A '/' at the end is as
/// good as "/.".
void push_parts(std::vector<std::string>& pending, std::string_view path) {
  std::vector<std::string> parts;
  if (path.ends_with('/')) parts.emplace_back(".");
  while (!path.empty()) {
    const auto slash = path.rfind('/');
    const auto part = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (!part.empty()) parts.emplace_back(part);
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  pending.insert(pending.end(), parts.begin(), parts.end());
}

/// The length of the longest path below a node, with the '/' before it.
std::size_t depth_below(const Node& node) {
  std::size_t longest = 0;
  for (const auto& [name, entry] : node.children)
    longest = std::max(longest, 1 + name.size() + depth_below(*entry.node));
  return longest;
}

bool is_directory(const Entry& entry) {
  return entry.node->type == NodeType::directory;
}

}  // namespace

/// The way to a path as far as it exists.
struct ScriptRootfs::Walk {
  int problem = 0;
  std::vector<Entry*> entries;     ///< the root first
  std::vector<std::string> names;  ///< one fewer than entries: the root has none
  std::string missing;             ///< the last part when only that is missing, with ENOENT
  bool is_null = false;            ///< it leads to /dev/null

  Entry* last() const { return entries.back(); }
  std::string str() const {
    std::string path;
    for (const std::string& name : names) path.append("/").append(name);
    return path;
  }
};

/// A name in a folder, there or not.
struct ScriptRootfs::Place {
  int problem = 0;
  std::shared_ptr<Node> folder;
  std::string folder_path;  ///< real, "" for the root
  std::string name;
  enum class Kind { plain, root, dot, dot_dot };
  Kind kind = Kind::plain;
  bool has_slash = false;  ///< the path ended in '/'
  bool is_null = false;
  Entry* entry = nullptr;  ///< what is there

  /// Whether the name would be too long for a path.
  bool is_too_deep() const { return folder_path.size() + 1 + name.size() > path_limit; }
};

ScriptRootfs::ScriptRootfs(Rootfs& rootfs, std::int64_t now)
    : rootfs_(rootfs), now_(now), null_device_{std::make_shared<Node>(), Owner{}} {
  Node& node = *null_device_.node;
  node.type = NodeType::character_device;
  node.mode = 0666;
  node.mtime = now;
  node.device_major = 1;
  node.device_minor = 3;
}

ScriptRootfs::Walk ScriptRootfs::walk(std::string_view path, Follow follow) const {
  Walk walk;
  walk.entries.push_back(rootfs_.find("", Follow::not_last));
  const auto stop = [&walk](int problem) {
    walk.problem = problem;
    return walk;
  };
  if (path.empty()) return stop(ENOENT);
  if (path.size() > path_limit) return stop(ENAMETOOLONG);
  std::vector<std::string> pending;
  push_parts(pending, path);
  int links = 0;
  while (!pending.empty()) {
    std::string part = std::move(pending.back());
    pending.pop_back();
    Node& node = *walk.last()->node;
    if (node.type != NodeType::directory) return stop(ENOTDIR);
    if (part == ".") continue;
    if (part == "..") {
      if (walk.names.empty()) continue;
      walk.entries.pop_back();
      walk.names.pop_back();
      continue;
    }
    if (part.size() > name_limit) return stop(ENAMETOOLONG);
    const bool in_dev = walk.names.size() == 1 && walk.names.front() == "dev";
    const bool is_null = in_dev && part == "null" && pending.empty();
    const auto child = node.children.find(part);
    if (child == node.children.end()) {
      walk.is_null = is_null || (walk.names.empty() && part == "dev" && pending.size() == 1 &&
                                 pending.back() == "null");
      if (pending.empty()) walk.missing = std::move(part);
      return stop(ENOENT);
    }
    const Node& next = *child->second.node;
    if (next.type == NodeType::symlink && (!pending.empty() || follow == Follow::last)) {
      if (++links > link_limit) return stop(ELOOP);
      if (next.target.empty()) return stop(ENOENT);
      if (next.target.size() > path_limit) return stop(ENAMETOOLONG);
      if (next.target.starts_with('/')) {
        walk.entries.resize(1);
        walk.names.clear();
      }
      push_parts(pending, next.target);
      continue;
    }
    walk.is_null = is_null;
    walk.entries.push_back(&child->second);
    walk.names.push_back(std::move(part));
  }
  return walk;
}

ScriptRootfs::Place ScriptRootfs::locate(std::string_view path) const {
  Place place;
  if (path.empty() || path.size() > path_limit) {
    place.problem = path.empty() ? ENOENT : ENAMETOOLONG;
    return place;
  }
  place.has_slash = path.ends_with('/');
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) {
    place.kind = Place::Kind::root;
    place.entry = rootfs_.find("", Follow::not_last);
    return place;
  }
  const auto slash = path.rfind('/');
  const auto begin = slash == std::string_view::npos ? 0 : slash + 1;
  place.name = path.substr(begin);
  if (place.name == ".") place.kind = Place::Kind::dot;
  if (place.name == "..") place.kind = Place::Kind::dot_dot;
  const auto way = walk(begin == 0 ? "/" : path.substr(0, begin), Follow::last);
  place.problem = way.problem;
  if (place.problem != 0) return place;
  place.folder = way.last()->node;
  place.folder_path = way.str();
  if (place.kind != Place::Kind::plain) return place;
  if (place.name.size() > name_limit) place.problem = ENAMETOOLONG;
  const auto child = place.folder->children.find(place.name);
  if (child != place.folder->children.end()) place.entry = &child->second;
  return place;
}

const Entry* ScriptRootfs::find(std::string_view path, Follow follow, int* problem) const {
  const auto way = walk(path, follow);
  const bool stands_in = way.problem != 0 && way.is_null;
  if (problem != nullptr) *problem = stands_in ? 0 : way.problem;
  if (stands_in) return &null_device_;
  return way.problem == 0 ? way.last() : nullptr;
}

std::string ScriptRootfs::real_path(std::string_view path) const {
  const auto way = walk(path, Follow::last);
  const std::string found = way.str();
  if (way.problem == 0) return found.empty() ? "/" : found;
  if (way.is_null) return "/dev/null";
  return way.missing.empty() ? std::string() : found + "/" + way.missing;
}

int ScriptRootfs::read(std::string_view path, std::string& text) const {
  const auto way = walk(path, Follow::last);
  text.clear();
  if (way.is_null) return 0;
  if (way.problem != 0) return way.problem;
  const Node& node = *way.last()->node;
  if (node.type == NodeType::directory) return EISDIR;
  if (node.type != NodeType::file) return EINVAL;
  text = node.content.read();
  return 0;
}

ScriptRootfs::Place ScriptRootfs::open(std::string_view path, Writing writing) const {
  Place place;
  if (writing == Writing::exclusive) {
    place = locate(path);
    if (place.problem == 0 && (place.entry != nullptr || place.kind != Place::Kind::plain))
      place.problem = EEXIST;
  } else {
    const auto way = walk(path, Follow::last);
    place.is_null = way.is_null;
    if (way.is_null) return place;
    place.problem = way.problem;
    if (way.problem == 0) {
      place.entry = way.last();
      const auto type = place.entry->node->type;
      if (type == NodeType::directory)
        place.problem = EISDIR;
      else if (type != NodeType::file)
        place.problem = EINVAL;
    } else if (!way.missing.empty()) {
      place.problem = 0;
      place.folder = way.last()->node;
      place.folder_path = way.str();
      place.name = way.missing;
    }
  }
  if (place.problem == ENOENT && path.ends_with('/')) place.problem = EISDIR;
  if (place.problem == 0 && place.entry == nullptr) {
    if (path.ends_with('/'))
      place.problem = EISDIR;
    else if (place.is_too_deep())
      place.problem = ENAMETOOLONG;
  }
  return place;
}

void ScriptRootfs::fill(const Place& place, const Content& content, std::uint32_t mode) {
  if (place.entry == nullptr) {
    make(place, NodeType::file, mode).content = content;
    return;
  }
  keep(place.entry->node);
  Node& node = *place.entry->node;
  node.content = content;
  node.mtime = now_;
  node.xattrs.erase(capability);
}

int ScriptRootfs::write(std::string_view path, std::string_view text, Writing writing,
                        std::uint32_t mode) {
  const Place place = open(path, writing);
  if (place.problem != 0 || place.is_null) return place.problem;
  if (writing != Writing::append || place.entry == nullptr) {
    fill(place, Content::of(text), mode);
  } else if (!text.empty()) {
    fill(place, appended(place.entry->node->content, text), mode);
  }
  return 0;
}

int ScriptRootfs::write_content(std::string_view path, const Content& content, Writing writing,
                                std::uint32_t mode) {
  const Place place = open(path, writing);
  if (place.problem != 0 || place.is_null) return place.problem;
  // `content` may be that of the file itself.
  const Content copy = content;
  fill(place, copy, mode);
  return 0;
}

void ScriptRootfs::keep(const std::shared_ptr<Node>& node) {
  if (nodes_.contains(node.get())) return;
  nodes_.emplace(node.get(), NodeBefore{node, node->mode, node->uid, node->gid, node->mtime,
                                        node->xattrs, node->content});
}

void ScriptRootfs::keep(const std::shared_ptr<Node>& folder, const std::string& name) {
  std::pair<const Node*, std::string> key(folder.get(), name);
  if (names_.contains(key)) return;
  const auto child = folder->children.find(name);
  names_.emplace(std::move(key), NameBefore{folder, child == folder->children.end()
                                                        ? std::nullopt
                                                        : std::optional(child->second)});
}

Node& ScriptRootfs::make(const Place& place, NodeType type, std::uint32_t mode) {
  keep(place.folder, place.name);
  auto node = std::make_shared<Node>();
  node->type = type;
  node->mode = mode & 07777U;
  node->mtime = now_;
  if ((place.folder->mode & set_gid) != 0) {
    node->gid = place.folder->gid;
    if (type == NodeType::directory) node->mode |= set_gid;
  }
  const Entry made{std::move(node), Owner{}};
  return *place.folder->children.insert_or_assign(place.name, made).first->second.node;
}

int ScriptRootfs::make_new(std::string_view path, NodeType type, std::uint32_t mode,
                           std::string_view target) {
  const Place place = locate(path);
  if (place.problem != 0) return place.problem;
  if (place.kind != Place::Kind::plain || place.entry != nullptr) return EEXIST;
  if (place.has_slash && type != NodeType::directory) return ENOENT;
  if (place.is_too_deep()) return ENAMETOOLONG;
  make(place, type, mode).target = target;
  return 0;
}

int ScriptRootfs::make_directory(std::string_view path, std::uint32_t mode) {
  return make_new(path, NodeType::directory, mode, "");
}

int ScriptRootfs::make_fifo(std::string_view path, std::uint32_t mode) {
  return make_new(path, NodeType::fifo, mode, "");
}

int ScriptRootfs::make_symlink(std::string_view target, std::string_view path) {
  if (target.empty()) return ENOENT;
  if (target.size() > path_limit) return ENAMETOOLONG;
  return make_new(path, NodeType::symlink, 0777, target);
}

int ScriptRootfs::make_link(std::string_view from, std::string_view path) {
  const auto way = walk(from, Follow::not_last);
  if (way.problem != 0) return way.problem;
  const Place place = locate(path);
  if (place.problem != 0) return place.problem;
  if (place.kind != Place::Kind::plain || place.entry != nullptr) return EEXIST;
  if (place.has_slash) return ENOENT;
  if (is_directory(*way.last())) return EPERM;
  if (place.is_too_deep()) return ENAMETOOLONG;
  keep(place.folder, place.name);
  place.folder->children.insert_or_assign(place.name, Entry{way.last()->node, Owner{}});
  return 0;
}

int ScriptRootfs::remove_file(std::string_view path) {
  const Place place = locate(path);
  if (place.problem != 0) return place.problem;
  if (place.kind != Place::Kind::plain) return EISDIR;
  if (place.entry == nullptr) return ENOENT;
  if (is_directory(*place.entry)) return EISDIR;
  if (place.has_slash) return ENOTDIR;
  keep(place.folder, place.name);
  place.folder->children.erase(place.name);
  return 0;
}

int ScriptRootfs::remove_directory(std::string_view path) {
  const Place place = locate(path);
  if (place.problem != 0) return place.problem;
  switch (place.kind) {
    case Place::Kind::root:
      return EBUSY;
    case Place::Kind::dot:
      return EINVAL;
    case Place::Kind::dot_dot:
      return ENOTEMPTY;
    case Place::Kind::plain:
      break;
  }
  if (place.entry == nullptr) return ENOENT;
  if (!is_directory(*place.entry)) return ENOTDIR;
  if (!place.entry->node->children.empty()) return ENOTEMPTY;
  keep(place.folder, place.name);
  place.folder->children.erase(place.name);
  return 0;
}

int ScriptRootfs::rename(std::string_view from, std::string_view to) {
  const Place source = locate(from);
  if (source.problem != 0) return source.problem;
  const Place goal = locate(to);
  if (goal.problem != 0) return goal.problem;
  if (source.kind != Place::Kind::plain || goal.kind != Place::Kind::plain) return EBUSY;
  if (source.entry == nullptr) return ENOENT;
  const bool moves_directory = is_directory(*source.entry);
  if (!moves_directory && (source.has_slash || goal.has_slash)) return ENOTDIR;
  const std::string old_path = source.folder_path + "/" + source.name + "/";
  const std::string new_path = goal.folder_path + "/" + goal.name + "/";
  if (moves_directory && new_path != old_path && new_path.starts_with(old_path)) return EINVAL;
  if (goal.entry != nullptr) {
    if (goal.entry->node == source.entry->node) return 0;
    if (moves_directory && !is_directory(*goal.entry)) return ENOTDIR;
    if (!moves_directory && is_directory(*goal.entry))
      return old_path.starts_with(new_path) ? ENOTEMPTY : EISDIR;
    if (moves_directory && !goal.entry->node->children.empty()) return ENOTEMPTY;
  }
  if (goal.is_too_deep()) return ENAMETOOLONG;
  if (moves_directory && new_path.size() + depth_below(*source.entry->node) > path_limit)
    return ENAMETOOLONG;
  keep(source.folder, source.name);
  keep(goal.folder, goal.name);
  const Entry moved{source.entry->node, Owner{}};
  source.folder->children.erase(source.name);
  goal.folder->children.insert_or_assign(goal.name, moved);
  return 0;
}

int ScriptRootfs::set_mode(std::string_view path, std::uint32_t mode) {
  const auto way = walk(path, Follow::last);
  if (way.problem != 0) return way.is_null ? 0 : way.problem;
  keep(way.last()->node);
  way.last()->node->mode = mode & 07777U;
  return 0;
}

int ScriptRootfs::set_owner(std::string_view path, std::uint32_t uid, std::uint32_t gid,
                            Follow follow) {
  const auto way = walk(path, follow);
  if (way.problem != 0) return way.is_null ? 0 : way.problem;
  keep(way.last()->node);
  Node& node = *way.last()->node;
  if (uid != same_owner) node.uid = uid;
  if (gid != same_owner) node.gid = gid;
  if (node.type == NodeType::directory || node.type == NodeType::symlink) return 0;
  node.mode &= ~set_uid;
  if ((node.mode & group_execute) != 0) node.mode &= ~set_gid;
  node.xattrs.erase(capability);
  return 0;
}

int ScriptRootfs::set_mtime(std::string_view path, std::int64_t mtime) {
  const auto way = walk(path, Follow::last);
  if (way.problem != 0) return way.is_null ? 0 : way.problem;
  keep(way.last()->node);
  way.last()->node->mtime = mtime;
  return 0;
}

void ScriptRootfs::undo() {
  for (auto& [key, before] : names_) {
    if (before.entry) {
      before.folder->children.insert_or_assign(key.second, std::move(*before.entry));
    } else {
      before.folder->children.erase(key.second);
    }
  }
  for (auto& [address, before] : nodes_) {
    Node& node = *before.node;
    node.mode = before.mode;
    node.uid = before.uid;
    node.gid = before.gid;
    node.mtime = before.mtime;
    node.xattrs = std::move(before.xattrs);
    node.content = std::move(before.content);
  }
  names_.clear();
  nodes_.clear();
}

}  // namespace tarn::builder
