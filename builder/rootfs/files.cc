#include "builder/rootfs/files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/rootfs/entry_fault.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

/// The whole of a file of the host.
class HostFile final : public ContentSource {
 public:
  HostFile(fs::path path, std::uint64_t size) : path_(std::move(path)), size_(size) {}

  std::shared_ptr<const Bytes> load() const override {
    const auto file = MappedFile::open(path_);
    const auto bytes = file.bytes();
    if (bytes.size() != size_)
      throw Error(ErrorKind::failed,
                  fmt::format("{} changed while the image was built", path_.string()))
          .detail("expected", fmt::format("{} bytes", size_))
          .detail("found", fmt::format("{} bytes", bytes.size()));
    return std::make_shared<const Bytes>(bytes.begin(), bytes.end());
  }

 private:
  fs::path path_;
  std::uint64_t size_;
};

struct stat status_of(const fs::path& path, Rootfs::Follow follow) {
  struct stat status {};
  const int result = follow == Rootfs::Follow::last ? ::stat(path.c_str(), &status)
                                                    : ::lstat(path.c_str(), &status);
  if (result != 0) throw system_error("reading " + path.string(), errno);
  return status;
}

std::uint32_t file_mode(const FileEntry& entry, const struct stat& status) {
  return entry.mode.value_or((status.st_mode & S_IXUSR) != 0 ? 0755 : 0644);
}

/// The mode of a directory for the readers of files with this mode.
std::uint32_t directory_mode(const FileEntry& entry) {
  if (!entry.mode) return 0755;
  const std::uint32_t access = *entry.mode & 0777;
  return access | (access & 0444) >> 2;
}

std::shared_ptr<Node> new_node(const FileEntry& entry, NodeType type, std::uint32_t mode) {
  auto node = std::make_shared<Node>();
  node->type = type;
  node->mode = mode;
  node->uid = entry.uid;
  node->gid = entry.gid;
  return node;
}

std::string_view folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

void put_node(Rootfs& rootfs, const std::string& path, std::shared_ptr<Node> node) {
  const Entry* const there = rootfs.find(path);
  if (there != nullptr && there->node->type == NodeType::directory)
    throw Error(ErrorKind::usage, fmt::format("'/{}' is a directory", path))
        .hint("name the file itself");
  rootfs.make_directories(folder_of(path), Owner{});
  rootfs.put(path, Entry{std::move(node), Owner{}});
}

void make_folder(Rootfs& rootfs, const std::string& path, const FileEntry& entry) {
  const Entry* const there = rootfs.find(path, Rootfs::Follow::last);
  if (there != nullptr && there->node->type == NodeType::directory) return;
  rootfs.make_directories(folder_of(path), Owner{});
  if (rootfs.find(path) != nullptr)
    throw Error(ErrorKind::usage, fmt::format("'/{}' is there and is no directory", path));
  rootfs.put(path, Entry{new_node(entry, NodeType::directory, directory_mode(entry)), Owner{}});
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  std::error_code status;
  for (fs::directory_iterator it(folder, status), end; !status && it != end; it.increment(status))
    names.insert(it->path().filename().string());
  if (status) throw system_error("reading folder " + folder.string(), status.value());
  return names;
}

void copy(Rootfs& rootfs, const fs::path& source, const std::string& path, const FileEntry& entry,
          Rootfs::Follow follow) {
  const struct stat status = status_of(source, follow);
  if (S_ISDIR(status.st_mode)) {
    make_folder(rootfs, path, entry);
    for (const auto& name : names_in(source))
      copy(rootfs, source / name, path.empty() ? name : fmt::format("{}/{}", path, name), entry,
           Rootfs::Follow::not_last);
  } else if (S_ISREG(status.st_mode)) {
    if (::access(source.c_str(), R_OK) != 0)
      throw system_error("reading " + source.string(), errno);
    auto node = new_node(entry, NodeType::file, file_mode(entry, status));
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size != 0) node->content = {std::make_shared<const HostFile>(source, size), 0, size};
    put_node(rootfs, path, std::move(node));
  } else if (S_ISLNK(status.st_mode)) {
    auto node = new_node(entry, NodeType::symlink, 0777);
    node->target = fs::read_symlink(source).string();
    put_node(rootfs, path, std::move(node));
  } else {
    throw Error(ErrorKind::usage,
                fmt::format("{} is neither a file nor a folder nor a link", source.string()));
  }
}

void apply_file(Rootfs& rootfs, const FileEntry& entry) {
  std::string_view trimmed = entry.path;
  while (trimmed.starts_with('/')) trimmed.remove_prefix(1);
  while (trimmed.ends_with('/')) trimmed.remove_suffix(1);
  const std::string path(trimmed);
  if (entry.content.has_value() == entry.source.has_value())
    throw Error(ErrorKind::usage, fmt::format("'/{}' needs either a content or a source", path));
  if (entry.content) {
    auto node = new_node(entry, NodeType::file, entry.mode.value_or(0644));
    node->content = Content::of(*entry.content);
    put_node(rootfs, path, std::move(node));
  } else {
    copy(rootfs, *entry.source, path, entry, Rootfs::Follow::last);
  }
}

}  // namespace

void apply_files(Rootfs& rootfs, const std::vector<FileEntry>& entries) {
  for (const auto& entry : entries) blame_entry(entry.position, [&] { apply_file(rootfs, entry); });
}

}  // namespace tarn::builder
