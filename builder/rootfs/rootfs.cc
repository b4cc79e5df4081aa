#include "builder/rootfs/rootfs.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

/// As many links as Linux follows in one path, and as many octets as it takes in one.
constexpr int link_limit = 40;
constexpr std::size_t path_limit = 4095;

/// Where a path leads.
enum class Outcome {
  found,
  missing,         ///< only the last part is missing: its folder exists
  missing_folder,  ///< a folder on the way is missing
  not_directory,   ///< something on the way is no directory
  loop,            ///< more symbolic links than anyone needs
  too_long,
};

/// The way to a path: the entries it went through (the root first) and their names. Its texts are
/// the rootfs's and the path's own: it lasts until either changes.
template <typename EntryType>
struct Way {
  Outcome outcome = Outcome::found;
  std::vector<EntryType*> entries;
  std::vector<std::string_view> names;  ///< one fewer than entries, the root has none
  std::string_view missing;             ///< the part that is missing or stands in the way

  EntryType* last() const { return entries.back(); }
  std::string str() const {
    std::string path;
    for (const std::string_view name : names) {
      if (!path.empty()) path += '/';
      path += name;
    }
    return path;
  }
};

/// Puts the parts of `path` before `pending`, which is in reverse order.
void push_parts(std::vector<std::string_view>& pending, std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    const std::string_view part = path.substr(begin);
    if (!part.empty() && part != ".") pending.push_back(part);
    path = path.substr(0, begin == 0 ? 0 : slash);
  }
}

/// Follows `path` from the root; the one place that knows how paths and links are read.
template <typename EntryType>
Way<EntryType> follow_path(EntryType& root, std::string_view path, Rootfs::Follow follow) {
  Way<EntryType> way;
  way.entries.push_back(&root);
  if (path.size() > path_limit) {
    way.outcome = Outcome::too_long;
    return way;
  }
  const auto stop = [&way](Outcome outcome, std::string_view part) {
    way.outcome = outcome;
    way.missing = part;
    return way;
  };
  std::vector<std::string_view> pending;
  pending.reserve(16);
  push_parts(pending, path);
  way.entries.reserve(pending.size() + 1);
  way.names.reserve(pending.size());
  int links = 0;
  while (!pending.empty()) {
    const std::string_view part = pending.back();
    pending.pop_back();
    auto& node = *way.last()->node;
    if (node.type != NodeType::directory) return stop(Outcome::not_directory, part);
    if (part == "..") {
      if (way.names.empty()) continue;
      way.entries.pop_back();
      way.names.pop_back();
      continue;
    }
    const auto child = node.children.find(part);
    if (child == node.children.end()) {
      return stop(pending.empty() ? Outcome::missing : Outcome::missing_folder, part);
    }
    const Node& next = *child->second.node;
    const bool follows = !pending.empty() || follow == Rootfs::Follow::last;
    if (next.type == NodeType::symlink && follows) {
      if (++links > link_limit || next.target.size() > path_limit) {
        return stop(Outcome::loop, part);
      }
      if (next.target.starts_with('/')) {
        way.entries.resize(1);
        way.names.clear();
      }
      push_parts(pending, next.target);
      continue;
    }
    way.entries.push_back(&child->second);
    way.names.push_back(child->first);
  }
  return way;
}

std::string join(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
}

/// The error for a path whose folder cannot be reached.
template <typename EntryType>
Error unreachable(std::string_view path, const Way<EntryType>& way) {
  const std::string at = way.str();
  const std::string part = join(at, way.missing);
  switch (way.outcome) {
    case Outcome::loop:
      return Error(ErrorKind::failed, fmt::format("too many symbolic links in '/{}'", path));
    case Outcome::too_long:
      return Error(ErrorKind::failed, fmt::format("the path '/{}…' is longer than {} octets",
                                                  path.substr(0, 80), path_limit));
    case Outcome::not_directory:
      return Error(ErrorKind::failed,
                   fmt::format("'/{}' cannot be reached: '/{}' is no directory", path, at));
    default:
      return Error(ErrorKind::failed,
                   fmt::format("'/{}' cannot be reached: there is no '/{}'", path, part));
  }
}

/// A path without its last part ("" for one part), and that part.
std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {std::string_view(), path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

void walk_below(const Node& folder, const std::string& prefix,
                const std::function<void(const std::string&, const Entry&)>& visit) {
  for (const auto& [name, entry] : folder.children) {
    const std::string path = join(prefix, name);
    visit(path, entry);
    if (entry.node->type == NodeType::directory) walk_below(*entry.node, path, visit);
  }
}

}  // namespace

Rootfs::Rootfs() : root_{std::make_shared<Node>(), Owner{}} {}

const Entry* Rootfs::find(std::string_view path, Follow follow) const {
  const auto way = follow_path<const Entry>(root_, path, follow);
  return way.outcome == Outcome::found ? way.last() : nullptr;
}

Entry* Rootfs::find(std::string_view path, Follow follow) {
  const auto way = follow_path<Entry>(root_, path, follow);
  return way.outcome == Outcome::found ? way.last() : nullptr;
}

std::string Rootfs::resolve(std::string_view path) const {
  const auto way = follow_path<const Entry>(root_, path, Follow::not_last);
  if (way.outcome == Outcome::found) return way.str();
  if (way.outcome == Outcome::missing) return join(way.str(), way.missing);
  throw unreachable(path, way);
}

Entry& Rootfs::put(std::string_view path, Entry entry) {
  const auto [folder, name] = split_last(path);
  if (name.empty() || name == "." || name == "..") {
    throw Error(ErrorKind::failed, fmt::format("'/{}' names no entry of a directory", path));
  }
  // The last part must not be followed and may be missing: reach its folder, then set the name.
  auto way = follow_path<Entry>(root_, folder, Follow::last);
  // The real place is bounded too: through links it could lie ever deeper.
  if (path.size() > path_limit || way.str().size() + name.size() >= path_limit) {
    way.outcome = Outcome::too_long;
  }
  if (way.outcome != Outcome::found) throw unreachable(path, way);
  Node& parent = *way.last()->node;
  if (parent.type != NodeType::directory) {
    throw Error(ErrorKind::failed,
                fmt::format("'/{}' cannot be made: '/{}' is no directory", path, way.str()));
  }
  return parent.children.insert_or_assign(std::string(name), std::move(entry)).first->second;
}

Entry& Rootfs::make_directories(std::string_view path, Owner owner) {
  if (const auto way = follow_path<Entry>(root_, path, Follow::last);
      way.outcome == Outcome::found && way.last()->node->type == NodeType::directory)
    return *way.last();
  Entry* entry = &root_;
  std::size_t end = 0;
  while (end < path.size()) {
    end = std::min(path.find('/', end + 1), path.size());
    const std::string_view part = path.substr(0, end);
    const auto way = follow_path<Entry>(root_, part, Follow::last);
    if (way.outcome == Outcome::found) {
      entry = way.last();
    } else if (way.outcome == Outcome::missing && find(part) == nullptr) {
      entry = &put(part, Entry{std::make_shared<Node>(), owner});
    } else {
      throw unreachable(part, way);
    }
    if (entry->node->type != NodeType::directory) {
      throw Error(ErrorKind::failed, fmt::format("'/{}' is no directory", part));
    }
  }
  return *entry;
}

bool Rootfs::remove(std::string_view path) {
  const auto way = follow_path<Entry>(root_, path, Follow::not_last);
  if (way.outcome != Outcome::found) return false;
  if (way.names.empty()) throw Error(ErrorKind::failed, "the root directory cannot be removed");
  auto& siblings = (*(way.entries.rbegin() + 1))->node->children;
  siblings.erase(siblings.find(way.names.back()));
  return true;
}

Entry& Rootfs::write_file(std::string_view path, std::string_view text, Owner owner,
                          std::optional<std::uint32_t> mode) {
  std::string place(path);
  for (int links = 0;; ++links) {
    Entry* const there = find(place);
    if (there == nullptr || there->node->type != NodeType::symlink) break;
    if (links == link_limit) {
      throw Error(ErrorKind::failed, fmt::format("too many symbolic links in '/{}'", path));
    }
    const std::string& target = there->node->target;
    const std::string at = resolve(place);
    place = target.starts_with('/') ? target : join(split_last(at).first, target);
  }
  Entry* entry = find(place);
  if (entry == nullptr) {
    make_directories(split_last(place).first, owner);
    auto node = std::make_shared<Node>();
    node->type = NodeType::file;
    node->mode = 0644;
    entry = &put(place, Entry{std::move(node), owner});
  } else if (entry->node->type != NodeType::file) {
    throw Error(ErrorKind::failed,
                fmt::format("'/{}' cannot be written: it is no regular file", place));
  }
  entry->owner = owner;
  entry->node->content = Content::of(text);
  if (mode) entry->node->mode = *mode;
  return *entry;
}

std::optional<std::string> Rootfs::read_file(std::string_view path) const {
  const Entry* entry = find(path, Follow::last);
  if (entry == nullptr || entry->node->type != NodeType::file) return std::nullopt;
  return entry->node->content.read();
}

void Rootfs::walk(
    const std::function<void(const std::string& path, const Entry& entry)>& visit) const {
  walk_below(*root_.node, "", visit);
}

}  // namespace tarn::builder
