#include "builder/scripts/sandbox_tree.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/parallel.h"
#include "builder/scripts/sandbox_process.h"

namespace tarn::builder {
namespace {

constexpr mode_t owner_alone = 0700;

[[noreturn]] void fail(const char* doing, const std::string& path) {
  throw system_error(fmt::format("{} {}", doing, path), errno);
}

/// Writes the items of a tree, each by its path below the root. Folders are there before what is in
/// them, and no path leads through a link: it is the rootfs' own tree.
class TreeWriter {
 public:
  TreeWriter(int root, const IdMap& ids) : root_(root), ids_(ids) {}

  void write(std::size_t number, const SandboxItem& item) {
    const Node* const node = item.node.get();
    const char* const path = item.path.c_str();
    if (item.kind == SandboxItem::Kind::mount_point || node->type == NodeType::directory) {
      if (::mkdirat(root_, path, owner_alone) != 0) fail("making", item.path);
      if (::fchmodat(root_, path, owner_alone, 0) != 0) fail("changing the mode of", item.path);
    } else if (node->type == NodeType::symlink) {
      if (::symlinkat(node->target.c_str(), root_, path) != 0) fail("making", item.path);
    } else if (node->type == NodeType::fifo) {
      if (::mkfifoat(root_, path, owner_alone) != 0) fail("making", item.path);
    } else {
      write_file(number, item.path, {}, node->mtime);  // the place of a device node
      return;
    }
    own(item.path);
  }

  void write_file(std::size_t number, const std::string& path, ByteView content,
                  std::int64_t mtime) {
    const FileDescriptor file(::openat(
        root_, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, owner_alone));
    if (!file) fail("making", path);
    write_all(file.get(), content, path);
    const std::array<timespec, 2> times = {
        {{0, UTIME_OMIT}, {mtime, static_cast<long>(number % 1'000'000'000)}}};
    if (::futimens(file.get(), times.data()) != 0) fail("setting the time of", path);
    if (foreign() && ::fchown(file.get(), ids_.root_user(), ids_.root_group()) != 0) {
      fail("changing the owner of", path);
    }
  }

  void link(const std::string& from, const std::string& to) {
    if (::linkat(root_, from.c_str(), root_, to.c_str(), 0) != 0) fail("linking", to);
  }

 private:
  bool foreign() const { return ids_.way == IdMap::Way::direct; }
  void own(const std::string& path) {
    if (!foreign()) return;
    if (::fchownat(root_, path.c_str(), ids_.root_user(), ids_.root_group(), AT_SYMLINK_NOFOLLOW) !=
        0) {
      fail("changing the owner of", path);
    }
  }

  int root_;
  const IdMap& ids_;
};

/// All of a rootfs in the order it is to be written.
struct Listing {
  std::vector<SandboxItem> items;
  std::vector<std::pair<std::size_t, std::string>> links;  ///< further names of items
  /// Numbers of the files with content, those of one source together.
  std::vector<std::vector<std::size_t>> files;

  explicit Listing(Rootfs& rootfs) {
    // The root is no entry: it is held by the rootfs itself.
    items.push_back({SandboxItem::Kind::node, "", {std::shared_ptr<void>(), &rootfs.root()}});
    std::map<const Node*, std::size_t> seen;
    std::map<const ContentSource*, std::size_t> sources;
    rootfs.walk([&](const std::string& path, const Entry& entry) {
      const auto [known, is_new] = seen.emplace(entry.node.get(), items.size());
      if (!is_new) {
        links.emplace_back(known->second, path);
        return;
      }
      if (entry.node->type == NodeType::file) {
        const auto [group, first] = sources.emplace(entry.node->content.source.get(), files.size());
        if (first) files.emplace_back();
        files[group->second].push_back(items.size());
      }
      items.push_back({SandboxItem::Kind::node, path, entry.node});
    });
  }
};

void write_files(TreeWriter& writer, const std::vector<SandboxItem>& items,
                 const std::vector<std::size_t>& numbers, const std::stop_token& stop) {
  const auto& source = items[numbers.front()].node->content.source;
  const auto bytes = source != nullptr ? source->load() : nullptr;
  const ByteView all = bytes != nullptr ? ByteView(*bytes) : ByteView();
  for (const std::size_t number : numbers) {
    throw_if_stopped(stop);
    const SandboxItem& item = items[number];
    const Content& content = item.node->content;
    if (content.size > all.size() || content.offset > all.size() - content.size) {
      throw Error(ErrorKind::failed, "a file's content lies outside its source: " + item.path);
    }
    writer.write_file(number, item.path, all.subspan(content.offset, content.size),
                      item.node->mtime);
  }
}

/// Where the folder `path` really lies; what is missing of it is added as mount points.
std::string real_folder(const Rootfs& rootfs, std::string_view path, TreeWriter& writer,
                        std::vector<SandboxItem>& items) {
  std::string real;
  while (!path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    const std::string next = (real.empty() ? "" : real + "/") + std::string(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
    const Entry* const entry = rootfs.find(next, Rootfs::Follow::last);
    if (entry != nullptr && entry->node->type == NodeType::directory) {
      const std::string inside = rootfs.resolve(next + "/.tarn");
      real = inside.substr(0, inside.rfind('/'));
      continue;
    }
    if (rootfs.find(next) != nullptr) {
      throw Error(ErrorKind::failed, fmt::format("/{} of the rootfs is no folder", next));
    }
    real = next;
    const bool there = std::any_of(items.begin(), items.end(), [&](const SandboxItem& item) {
      return item.kind == SandboxItem::Kind::mount_point && item.path == real;
    });
    if (there) continue;
    items.push_back({SandboxItem::Kind::mount_point, real, nullptr});
    writer.write(items.size() - 1, items.back());
  }
  return real;
}

bool is_plain_path(std::string_view path) {
  return !path.empty() && path.front() != '/' && path.back() != '/' &&
         ("/" + std::string(path) + "/").find("/../") == std::string::npos &&
         path.find('\0') == std::string_view::npos;
}

}  // namespace

SandboxFolder::SandboxFolder(const std::filesystem::path& scratch, const IdMap& ids)
    : scratch_(scratch), ids_(ids) {
  std::string path = (scratch / "sandbox-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) fail("making a folder in", scratch.string());
  name_ = std::filesystem::path(path).filename().string();
  // Whatever this process' umask leaves of it.
  if (::chmod(path.c_str(), owner_alone) != 0) fail("changing the mode of", path);
  folder_ = FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_) fail("opening", path);
  if (::mkdirat(fd(), "root", owner_alone) != 0 || ::fchmodat(fd(), "root", owner_alone, 0) != 0) {
    fail("making", path + "/root");
  }
  root_ = FileDescriptor(::openat(fd(), "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_) fail("opening", path + "/root");
  for (const int folder : {root(), fd()}) {
    if (::fchown(folder, ids.root_user(), ids.root_group()) != 0) {
      fail("changing the owner of", path);
    }
  }
}

SandboxFolder::~SandboxFolder() {
  const std::string path = (scratch_ / name_).string();
  if (::rmdir(path.c_str()) == 0) return;
  try {
    NamespaceProcess process(ids_, {fd()}, [this](const SandboxChannel&) {
      remove_tree(fd());
      return 0;
    });
    process.wait();
  } catch (const std::exception&) {
    return;  // what is left lies in the caller's scratch folder
  }
  ::rmdir(path.c_str());
}

FileDescriptor SandboxFolder::scratch_file() const {
  std::string path = (scratch_ / "sandbox-XXXXXX").string();
  FileDescriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) fail("making a file in", scratch_.string());
  ::unlink(path.c_str());
  return file;
}

SandboxTree write_tree(const SandboxFolder& folder, const IdMap& ids, Rootfs& rootfs,
                       const std::string& script, std::string_view text,
                       const std::stop_token& stop) {
  if (!is_plain_path(script)) {
    throw Error(ErrorKind::failed, fmt::format("'{}' is no name for a script", script));
  }
  Listing listing(rootfs);
  TreeWriter writer(folder.root(), ids);
  for (std::size_t number = 1; number < listing.items.size(); ++number) {
    throw_if_stopped(stop);
    if (listing.items[number].node->type != NodeType::file) {
      writer.write(number, listing.items[number]);
    }
  }
  for (const auto& numbers : listing.files) write_files(writer, listing.items, numbers, stop);
  for (const auto& [number, path] : listing.links) writer.link(listing.items[number].path, path);

  SandboxTree tree;
  tree.proc = real_folder(rootfs, "proc", writer, listing.items);
  tree.dev = real_folder(rootfs, "dev", writer, listing.items);
  const auto slash = script.rfind('/');
  const std::string parent =
      slash == std::string::npos
          ? ""
          : real_folder(rootfs, script.substr(0, slash), writer, listing.items);
  tree.script = (parent.empty() ? "" : parent + "/") + script.substr(slash + 1);
  writer.write_file(listing.items.size(), tree.script, as_bytes(text), 0);
  listing.items.push_back({SandboxItem::Kind::script, tree.script, nullptr});
  tree.items = std::move(listing.items);
  return tree;
}

}  // namespace tarn::builder
