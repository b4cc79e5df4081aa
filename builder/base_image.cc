#include "builder/base_image.h"

#include <limits>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "apk/database/configuration.h"
#include "apk/database/scripts_archive.h"
#include "builder/read_image.h"
#include "builder/sink/layer_tree.h"

namespace tarn::builder {
namespace {

constexpr Owner nobody{Owner::generated};
constexpr std::size_t read_size = 1U << 20U;

/// All contents of a base image's files, one behind the other.
class Spool {
 public:
  explicit Spool(const std::filesystem::path& folder) : file_(folder / "base") {}

  void write(ByteView bytes) {
    file_.write(bytes);
    size_ += bytes.size();
  }
  std::uint64_t size() const { return size_; }
  void finish() {
    if (size_ != 0) mapping_ = MappedFile::open(fmt::format("/proc/self/fd/{}", file_.fd()));
  }
  ByteView bytes() const { return mapping_.bytes(); }

 private:
  AtomicFile file_;
  MappedFile mapping_;
  std::uint64_t size_ = 0;
};

class SpooledFile final : public ContentSource {
 public:
  SpooledFile(std::shared_ptr<const Spool> spool, std::uint64_t offset, std::uint64_t size)
      : spool_(std::move(spool)), offset_(offset), size_(size) {}
  std::shared_ptr<const Bytes> load() const override {
    const ByteView bytes = spool_->bytes().subspan(offset_, size_);
    return std::make_shared<const Bytes>(bytes.begin(), bytes.end());
  }

 private:
  std::shared_ptr<const Spool> spool_;
  std::uint64_t offset_;
  std::uint64_t size_;
};

NodeType node_type_of(TarType type) {
  switch (type) {
    case TarType::directory:
      return NodeType::directory;
    case TarType::symlink:
      return NodeType::symlink;
    case TarType::character_device:
      return NodeType::character_device;
    case TarType::block_device:
      return NodeType::block_device;
    case TarType::fifo:
      return NodeType::fifo;
    case TarType::file:
    case TarType::hard_link:
      break;
  }
  return NodeType::file;
}

std::uint32_t id_of(std::uint64_t number) {
  if (number > std::numeric_limits<std::uint32_t>::max())
    throw Error(ErrorKind::failed, "reading a layer: the number of an owner is too big");
  return static_cast<std::uint32_t>(number);
}

void describe_node(Node& node, const TarHeader& header) {
  node.type = node_type_of(header.type);
  node.mode = header.mode;
  node.uid = id_of(header.uid);
  node.gid = id_of(header.gid);
  node.mtime = header.mtime;
  node.xattrs = header.xattrs;
  if (node.type == NodeType::symlink) node.target = header.link;
  node.device_major = header.device_major;
  node.device_minor = header.device_minor;
}

void read_database(BaseImage& base) {
  const std::string in_base = " in " + base.name;
  if (const auto text = base.rootfs.read_file("lib/apk/db/installed"))
    base.installed = apk::parse_installed(*text, "lib/apk/db/installed" + in_base);
  if (const auto scripts = base.rootfs.read_file("lib/apk/db/scripts.tar");
      scripts && !scripts->empty())
    with_context("reading lib/apk/db/scripts.tar" + in_base,
                 [&] { apk::read_scripts_archive(as_bytes(*scripts), base.installed); });
  if (const auto triggers = base.rootfs.read_file("lib/apk/db/triggers"))
    with_context("reading" + in_base.substr(3),
                 [&] { apk::read_triggers(*triggers, base.installed); });
  if (const auto world = base.rootfs.read_file("etc/apk/world"))
    base.world = apk::parse_world(*world, "etc/apk/world" + in_base);
}

std::set<std::string> labels_of(const std::vector<apk::InstalledPackage>& packages) {
  std::set<std::string> labels;
  for (const apk::InstalledPackage& installed : packages) labels.insert(installed.package.label());
  return labels;
}

bool same_content(const Content& left, const Content& right) {
  if (left.size != right.size) return false;
  if (left.size == 0 || (left.source == right.source && left.offset == right.offset)) return true;
  return left.read() == right.read();
}

/// But for content, children, and times that no layer keeps.
bool same_metadata(const Node& left, const Node& right) {
  return left.type == right.type && left.mode == right.mode && left.uid == right.uid &&
         left.gid == right.gid && left.xattrs == right.xattrs && left.target == right.target &&
         left.device_major == right.device_major && left.device_minor == right.device_minor;
}

bool is_directory(const Entry& entry) {
  return entry.node->type == NodeType::directory;
}

/// Walks two trees side by side.
class Comparison {
 public:
  void compare(const Node* before, const Node& after, const std::string& prefix) {
    for (const auto& [name, entry] : after.children) {
      const Entry* old = nullptr;
      if (before != nullptr)
        if (const auto found = before->children.find(name); found != before->children.end())
          old = &found->second;
      compare_entry(old, entry, prefix + name);
    }
    if (before == nullptr) return;
    for (const auto& [name, entry] : before->children)
      if (!after.children.contains(name)) gone_.push_back(prefix + name);
  }

  bool has_changed(const std::string& path, const Entry& entry) const {
    return is_directory(entry) ? directories_.contains(path) : nodes_.contains(entry.node.get());
  }
  const std::vector<std::string>& gone() const { return gone_; }

 private:
  void compare_entry(const Entry* old, const Entry& entry, const std::string& path) {
    const Node& node = *entry.node;
    if (is_directory(entry)) {
      const bool was_directory = old != nullptr && is_directory(*old);
      if (!was_directory || !same_metadata(*old->node, node)) directories_.insert(path);
      compare(was_directory ? old->node.get() : nullptr, node, path + "/");
      return;
    }
    const bool is_same = old != nullptr && same_metadata(*old->node, node) &&
                         same_content(old->node->content, node.content) &&
                         (node.type != NodeType::file || old->node->mtime == node.mtime) &&
                         is_same_file(*old->node, node);
    if (!is_same) nodes_.insert(&node);
  }

  /// Whether names that were one file before are one now, and the other way round.
  bool is_same_file(const Node& old, const Node& node) {
    return after_.try_emplace(&old, &node).first->second == &node &&
           before_.try_emplace(&node, &old).first->second == &old;
  }

  std::set<std::string> directories_;
  std::set<const Node*> nodes_;
  std::vector<std::string> gone_;
  std::map<const Node*, const Node*> after_;
  std::map<const Node*, const Node*> before_;
};

std::shared_ptr<Node> copy_directory(const Node& node) {
  auto copy = std::make_shared<Node>(node);
  copy->children.clear();
  return copy;
}

/// Makes the directories above `path` as they are in `whole`.
void put_parents(Rootfs& part, const Rootfs& whole, const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (part.find(parent) != nullptr) continue;
    const Entry& entry = *whole.find(parent);
    part.put(parent, {copy_directory(*entry.node), entry.owner});
  }
}

std::string whiteout_of(const std::string& path) {
  const std::size_t name = path.rfind('/') + 1;  // 0 without a '/'
  return path.substr(0, name) + ".wh." + path.substr(name);
}

}  // namespace

Rootfs unpack_layers(std::span<const Layer> layers, const std::filesystem::path& scratch,
                     const std::stop_token& stop) {
  const LayerTree tree(layers, 0, stop);
  const auto spool = std::make_shared<Spool>(scratch);
  Rootfs rootfs;
  std::map<std::size_t, std::shared_ptr<Node>> files;
  Bytes buffer(read_size);
  tree.visit([&](const LayerTree::Entry& entry, const LayerTree::Read& read) {
    const TarHeader& header = entry.header;
    if (header.path.empty()) return describe_node(rootfs.root(), header);
    if (header.type == TarType::hard_link) {
      rootfs.put(header.path, {files.at(entry.file), nobody});
      return;
    }
    auto node = std::make_shared<Node>();
    describe_node(*node, header);
    if (node->type == NodeType::file) {
      const std::uint64_t offset = spool->size();
      while (const std::size_t got = read(buffer)) spool->write(ByteView(buffer).first(got));
      const std::uint64_t size = spool->size() - offset;
      if (size != 0)
        node->content = {std::make_shared<const SpooledFile>(spool, offset, size), 0, size};
    }
    if (entry.names > 1) files.emplace(entry.file, node);
    rootfs.put(header.path, {std::move(node), nobody});
  });
  spool->finish();
  return rootfs;
}

BaseImage read_base_image(ImageSource& source, const apk::Architecture& architecture,
                          const std::filesystem::path& scratch, const std::stop_token& stop) {
  BaseImage base;
  base.name = source.name();
  base.image = read_image(source, architecture, scratch, stop);
  base.rootfs = with_context("reading " + base.name,
                             [&] { return unpack_layers(base.image.layers, scratch, stop); });
  read_database(base);
  return base;
}

void merge_base_index(BaseImage& base, const std::filesystem::path& folder,
                      const apk::Architecture& architecture) {
  const auto path = folder / architecture.apk / "APKINDEX";
  auto listed = apk::parse_installed(read_file(path, apk::installed_text_limit), path.string());
  if (base.installed.empty()) {
    base.installed = std::move(listed);
    return;
  }
  const auto in_image = labels_of(base.installed);
  const auto in_index = labels_of(listed);
  if (in_image == in_index) return;
  Error error(ErrorKind::failed,
              fmt::format("{} does not list the packages of {}", path.string(), base.name));
  for (const std::string& label : in_image)
    if (!in_index.contains(label)) error.detail("only in the image", label);
  for (const std::string& label : in_index)
    if (!in_image.contains(label)) error.detail("only in the index", label);
  throw error;
}

Rootfs copy_rootfs(const Rootfs& rootfs) {
  Rootfs copy;
  copy.root() = *copy_directory(rootfs.root());
  std::map<const Node*, std::shared_ptr<Node>> copies;
  rootfs.walk([&](const std::string& path, const Entry& entry) {
    auto& node = copies[entry.node.get()];
    if (!node) node = copy_directory(*entry.node);
    copy.put(path, {node, entry.owner});
  });
  return copy;
}

Rootfs changed_part(const Rootfs& before, const Rootfs& after) {
  Comparison comparison;
  comparison.compare(&before.root(), after.root(), "");
  Rootfs part;
  after.walk([&](const std::string& path, const Entry& entry) {
    if (!comparison.has_changed(path, entry)) return;
    put_parents(part, after, path);
    if (is_directory(entry))
      part.put(path, {copy_directory(*entry.node), entry.owner});
    else
      part.put(path, entry);
  });
  for (const std::string& path : comparison.gone()) {
    const std::string whiteout = whiteout_of(path);
    put_parents(part, after, whiteout);
    part.write_file(whiteout, "", nobody);
  }
  return part;
}

}  // namespace tarn::builder
