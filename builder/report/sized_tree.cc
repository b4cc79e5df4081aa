#include "builder/report/sized_tree.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "apk/support/bytes.h"
#include "apk/support/error.h"
#include "builder/sink/layer_tree.h"

namespace tarn::builder {
namespace {

constexpr std::string_view installed_name = "installed";
constexpr std::string_view world_name = "world";

/// Where the files of the database may lie: `lib` may be a link to `usr/lib`.
bool is_database_file(std::string_view path) {
  return path == "lib/apk/db/installed" || path == "usr/lib/apk/db/installed" ||
         path == "etc/apk/world";
}

std::shared_ptr<Node> node_of(const TarHeader& header) {
  auto node = std::make_shared<Node>();
  node->mode = header.mode;
  node->target = header.link;
  switch (header.type) {
    case TarType::directory:
      node->type = NodeType::directory;
      break;
    case TarType::symlink:
      node->type = NodeType::symlink;
      break;
    case TarType::file:
    case TarType::hard_link:
      node->type = NodeType::file;
      break;
    case TarType::character_device:
      node->type = NodeType::character_device;
      break;
    case TarType::block_device:
      node->type = NodeType::block_device;
      break;
    case TarType::fifo:
      node->type = NodeType::fifo;
      break;
  }
  return node;
}

}  // namespace

/// What is looked at of files' contents while the layers are read.
class SizedTree::Contents {
 public:
  void watch(const TarHeader& header, const LayerTree::Read& read) {
    texts_.erase(header.path);
    beginnings_.erase(header.path);
    if (header.type != TarType::file) return;
    if (is_database_file(header.path)) {
      texts_[header.path] = read_text(header, read);
      return;
    }
    std::array<std::byte, beginning_size> buffer{};
    const auto got = ByteView(buffer).first(read(buffer));
    const FileBeginning beginning = beginning_of(as_text(got));
    if (beginning != FileBeginning::other) beginnings_[header.path] = beginning;
  }

  FileBeginning beginning(const std::string& path) const {
    const auto found = beginnings_.find(path);
    return found == beginnings_.end() ? FileBeginning::other : found->second;
  }
  const std::string* text(std::string_view path) const {
    const auto found = texts_.find(path);
    return found == texts_.end() ? nullptr : &found->second;
  }

 private:
  static std::string read_text(const TarHeader& header, const LayerTree::Read& read) {
    if (header.size > apk::installed_text_limit)
      throw Error(ErrorKind::failed, "reading a layer: '" + header.path + "' is too large");
    std::string text(header.size, '\0');
    text.resize(read(std::as_writable_bytes(std::span(text))));
    return text;
  }

  std::map<std::string, std::string, std::less<>> texts_;
  std::unordered_map<std::string, FileBeginning> beginnings_;  ///< looked up, never walked
};

SizedTree::SizedTree(std::span<const Layer> layers, const std::stop_token& stop) {
  Contents contents;
  read(layers, contents, stop);
  read_database(contents);
  find_owners();
}

void SizedTree::read(std::span<const Layer> layers, Contents& contents,
                     const std::stop_token& stop) {
  const LayerTree tree(layers, 0, stop,
                       [&](const TarHeader& header, const LayerTree::Read& content) {
                         contents.watch(header, content);
                       });
  const auto& read = tree.entries();
  std::vector<std::shared_ptr<Node>> nodes(read.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    const LayerTree::Entry& entry = read[i];
    const bool is_directory = entry.header.type == TarType::directory;
    // A hard link is of the kind that its file is.
    const TarHeader& shown = read[entry.file].header;
    entries_.push_back(
        {.path = entry.header.path,
         .kind = file_kind(shown.path, shown.type, shown.mode, contents.beginning(shown.path)),
         .share = {entry.file == i ? entry.header.size : 0, entry.compressed,
                   is_directory ? std::size_t{0} : 1},
         .is_directory = is_directory,
         .names = is_directory ? 1 : entry.names,
         .file = entry.file});
    nodes[i] = entry.file == i ? node_of(entry.header) : nodes[entry.file];
    const builder::Entry* put =
        entry.header.path.empty() ? nullptr : &rootfs_.put(entry.header.path, {nodes[i], {}});
    numbers_[put] = i;
  }
  entries_.front().share.compressed += tree.ends();
  hidden_ = {tree.hidden().content, tree.hidden().compressed, tree.hidden().records};
}

void SizedTree::read_database(const Contents& contents) {
  const auto text_at = [&](std::string_view folder, std::string_view name) -> const std::string* {
    if (rootfs_.find(std::string(folder) + "/" + std::string(name)) == nullptr) return nullptr;
    return contents.text(rootfs_.resolve(std::string(folder) + "/" + std::string(name)));
  };
  if (const std::string* text = text_at("lib/apk/db", installed_name))
    packages_ = apk::parse_installed(*text, "lib/apk/db/installed");
  const std::string* world = text_at("etc/apk", world_name);
  if (world == nullptr) return;
  for (const std::string_view word : apk::split_words(*world))
    if (auto dependency = apk::Dependency::parse(word)) world_.push_back(std::move(*dependency));
}

void SizedTree::find_owners() {
  own_.resize(packages_.size());
  for (std::size_t i = 0; i < packages_.size(); ++i) {
    for (const apk::InstalledDirectory& directory : packages_[i].directories)
      if (!directory.path.empty()) add_owner(rootfs_.find(directory.path, Rootfs::Follow::last), i);
    for (const std::string& path : apk::file_paths(packages_[i])) add_owner(rootfs_.find(path), i);
  }
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].packages.size() == 1) own_[entries_[i].packages.front()].push_back(i);
}

void SizedTree::add_owner(const builder::Entry* entry, std::size_t package) {
  const auto found = entry == nullptr ? numbers_.end() : numbers_.find(entry);
  if (found == numbers_.end()) return;
  auto& packages = entries_[found->second].packages;
  if (!packages.empty() && packages.back() == package) return;
  // Only directories belong to several.
  if (packages.empty() || entries_[found->second].is_directory) packages.push_back(package);
}

std::vector<std::size_t> SizedTree::entries_below(std::string_view path) const {
  std::vector<std::size_t> found;
  const builder::Entry* entry = rootfs_.find(path);
  if (entry == nullptr) return found;
  const std::function<void(const builder::Entry&)> add = [&](const builder::Entry& top) {
    found.push_back(numbers_.at(&top));
    for (const auto& [name, child] : top.node->children) add(child);
  };
  add(*entry);
  return found;
}

SizeShare SizedTree::share_of(std::span<const std::size_t> entries) const {
  SizeShare share;
  std::map<std::size_t, std::uint32_t> gone;  // names of files that have several
  for (const std::size_t number : entries) {
    const Entry& entry = entries_[number];
    share.files += entry.share.files;
    if (entry.names == 1) {
      share.installed += entry.share.installed;
      share.compressed += entry.share.compressed;
      continue;
    }
    const bool is_last = ++gone[entry.file] == entry.names;
    // The record with the content stays as long as a name does.
    if (entry.file != number) share.compressed += entry.share.compressed;
    if (!is_last) continue;
    share.installed += entries_[entry.file].share.installed;
    share.compressed += entries_[entry.file].share.compressed;
  }
  return share;
}

}  // namespace tarn::builder
