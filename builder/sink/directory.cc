#include "builder/sink/directory.h"

#include <cerrno>
#include <map>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/sink/losses.h"

namespace tarn::builder {
namespace {

constexpr std::size_t copy_size = 1U << 20U;
constexpr std::uint32_t set_id_bits = 06000;

/// A path without its last part, and that part.
std::pair<std::string_view, std::string> split(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, std::string(path)};
  return {path.substr(0, slash), std::string(path.substr(slash + 1))};
}

/// Opens folders below a folder, following no link, and remembers the last one.
class Folders {
 public:
  explicit Folders(const std::filesystem::path& root)
      : root_(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!root_) throw system_error("opening " + root.string(), errno);
  }

  int open(std::string_view path) {
    if (path.empty()) return root_.get();
    if (last_ && path == last_path_) return last_.get();
    FileDescriptor folder;
    for (std::string_view rest = path; !rest.empty();) {
      const std::size_t slash = std::min(rest.find('/'), rest.size());
      const std::string part(rest.substr(0, slash));
      rest.remove_prefix(std::min(slash + 1, rest.size()));
      folder = FileDescriptor(::openat(folder ? folder.get() : root_.get(), part.c_str(),
                                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!folder) throw system_error(fmt::format("opening {}", path), errno);
    }
    last_ = std::move(folder);
    last_path_ = path;
    return last_.get();
  }

 private:
  FileDescriptor root_;
  FileDescriptor last_;
  std::string last_path_;
};

class Unpacker {
 public:
  Unpacker(const std::filesystem::path& folder, TreeRights rights)
      : folders_(folder), rights_(rights), buffer_(copy_size) {}

  void make(const LayerTree::Entry& entry, const LayerTree::Read& read) {
    const TarHeader& header = entry.header;
    switch (header.type) {
      case TarType::directory:
        if (!header.path.empty()) make_folder(header);
        folders_made_.push_back(&entry);
        return;
      case TarType::hard_link:
        make_link(header);
        return;
      case TarType::file:
        make_file(header, read);
        break;
      case TarType::symlink:
        make_symlink(header);
        break;
      case TarType::fifo:
      case TarType::character_device:
      case TarType::block_device:
        if (!make_node(header)) return;
        break;
    }
    finish(header);
  }

  /// Last of all, because a folder's time changes with what is put into it, and it may not be
  /// writable afterwards: what is inside goes before its folder.
  void finish_folders() {
    for (auto it = folders_made_.rbegin(); it != folders_made_.rend(); ++it) finish((*it)->header);
  }

  Losses take_losses() { return std::move(losses_); }

 private:
  struct Where {
    int folder;
    std::string name;
  };
  Where locate(const std::string& path) {
    auto [parent, name] = split(path);
    // The root itself is "." in itself.
    return {folders_.open(parent), name.empty() ? "." : std::move(name)};
  }
  static void check(int result, const std::string& path) {
    if (result < 0) throw system_error("writing " + path, errno);
  }
  /// Whether what failed may be passed over.
  bool may_fail() const {
    return rights_ != TreeRights::all && (errno == EPERM || errno == EINVAL || errno == EOPNOTSUPP);
  }

  void make_folder(const TarHeader& header) {
    const auto [folder, name] = locate(header.path);
    check(::mkdirat(folder, name.c_str(), 0700), header.path);
  }
  void make_link(const TarHeader& header) {
    const auto [parent, name] = split(header.path);
    const auto [target_parent, target] = split(header.link);
    const FileDescriptor from(::fcntl(folders_.open(target_parent), F_DUPFD_CLOEXEC, 0));
    // A device node that could not be made has no other names either.
    if (::linkat(from.get(), target.c_str(), folders_.open(parent), name.c_str(), 0) != 0 &&
        !(errno == ENOENT && rights_ != TreeRights::all))
      throw system_error("writing " + header.path, errno);
  }
  void make_symlink(const TarHeader& header) {
    const auto [folder, name] = locate(header.path);
    check(::symlinkat(header.link.c_str(), folder, name.c_str()), header.path);
  }
  void make_file(const TarHeader& header, const LayerTree::Read& read) {
    const FileDescriptor file = create(header.path);
    while (const std::size_t got = read(buffer_))
      write_all(file.get(), ByteView(buffer_).first(got), header.path);
  }
  FileDescriptor create(const std::string& path) {
    const auto [folder, name] = locate(path);
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    FileDescriptor file(::openat(folder, name.c_str(), flags, 0600));
    check(file.get(), path);
    return file;
  }
  /// Whether there is something now.
  bool make_node(const TarHeader& header) {
    const bool is_fifo = header.type == TarType::fifo;
    if (rights_ == TreeRights::recorded && !is_fifo) {
      create(header.path);
      return true;
    }
    const auto [folder, name] = locate(header.path);
    const mode_t type = is_fifo                                    ? S_IFIFO
                        : header.type == TarType::character_device ? S_IFCHR
                                                                   : S_IFBLK;
    if (::mknodat(folder, name.c_str(), type | 0600,
                  makedev(header.device_major, header.device_minor)) == 0)
      return true;
    if (is_fifo || !may_fail()) throw system_error("writing " + header.path, errno);
    losses_.add("device nodes",
                fmt::format("{} ({} {}:{})", header.path, type == S_IFCHR ? "character" : "block",
                            header.device_major, header.device_minor));
    return false;
  }

  void finish(const TarHeader& header) {
    const auto [folder, name] = locate(header.path);
    const bool owned = set_owner(header, folder, name);
    set_attributes(header, folder, name);
    if (header.type != TarType::symlink) set_mode(header, folder, name, owned);
    const timespec time{header.mtime, 0};
    const std::array<timespec, 2> times{time, time};
    check(::utimensat(folder, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), header.path);
  }

  bool set_owner(const TarHeader& header, int folder, const std::string& name) {
    if (::fchownat(folder, name.c_str(), static_cast<uid_t>(header.uid),
                   static_cast<gid_t>(header.gid), AT_SYMLINK_NOFOLLOW) == 0)
      return true;
    if (!may_fail()) throw system_error("setting the owner of " + header.path, errno);
    if (rights_ != TreeRights::recorded)
      losses_.add("owners", fmt::format("{} ({}:{})", header.path, header.uid, header.gid));
    return false;
  }

  void set_mode(const TarHeader& header, int folder, const std::string& name, bool owned) {
    std::uint32_t mode = header.mode;
    if (rights_ == TreeRights::recorded) mode |= header.type == TarType::directory ? 0700 : 0600;
    // A set-id bit would give the rights of this user away, not those of the right owner.
    if (!owned && (mode & set_id_bits) != 0 && header.type != TarType::directory) {
      if (rights_ != TreeRights::recorded)
        losses_.add("set-id bits", fmt::format("{} ({:04o})", header.path, header.mode));
      mode &= ~set_id_bits;
    }
    check(::fchmodat(folder, name.c_str(), static_cast<mode_t>(mode), 0), header.path);
  }

  void set_attributes(const TarHeader& header, int folder, const std::string& name) {
    if (header.xattrs.empty()) return;
    // There is no setxattrat(); the folder cannot be moved away below this path.
    const std::string path = fmt::format("/proc/self/fd/{}/{}", folder, name);
    for (const auto& [key, value] : header.xattrs) {
      if (::lsetxattr(path.c_str(), key.c_str(), value.data(), value.size(), 0) == 0) continue;
      if (!may_fail())
        throw system_error(fmt::format("setting the attribute {} of {}", key, header.path), errno);
      losses_.add("extended attributes", fmt::format("{} ({})", header.path, key));
    }
  }

  Folders folders_;
  TreeRights rights_;
  Bytes buffer_;
  Losses losses_;
  std::vector<const LayerTree::Entry*> folders_made_;
};

/// "out/" is the folder out.
std::filesystem::path without_slash(const std::filesystem::path& folder) {
  return folder.has_filename() ? folder : folder.parent_path();
}

}  // namespace

std::vector<std::string> unpack_tree(const LayerTree& tree, const std::filesystem::path& folder,
                                     TreeRights rights) {
  Unpacker unpacker(folder, rights);
  tree.visit([&](const LayerTree::Entry& entry, const LayerTree::Read& read) {
    unpacker.make(entry, read);
  });
  unpacker.finish_folders();
  return unpacker.take_losses().lines();
}

std::string fakeroot_database(const LayerTree& tree, const std::filesystem::path& folder) {
  std::string text;
  Folders folders(folder);
  for (const LayerTree::Entry& entry : tree.entries()) {
    const TarHeader& header = tree.entries()[entry.file].header;
    if (entry.header.type == TarType::hard_link) continue;  // one inode, one line
    const auto [parent, name] = split(header.path);
    struct stat status {};
    if (::fstatat(folders.open(parent), name.empty() ? "." : name.c_str(), &status,
                  AT_SYMLINK_NOFOLLOW) != 0)
      throw system_error("reading " + (folder / header.path).string(), errno);
    const std::uint32_t mode = header.type == TarType::symlink ? 0777 : header.mode;
    text += fmt::format("dev={:x},ino={},mode={:o},uid={},gid={},nlink={},rdev={}\n", status.st_dev,
                        status.st_ino, mode | type_bits(header.type), header.uid, header.gid,
                        status.st_nlink, makedev(header.device_major, header.device_minor));
  }
  return text;
}

void check_directory(const std::filesystem::path& folder) {
  std::error_code status;
  const auto named = without_slash(folder);
  const auto there = std::filesystem::symlink_status(named, status);
  if (!std::filesystem::exists(there)) return;
  if (!std::filesystem::is_directory(there) || !std::filesystem::is_empty(named, status) || status)
    throw Error(ErrorKind::usage, fmt::format("{} is there and is no empty folder", named.string()))
        .hint("a tree of files is written as a new folder, or into an empty one");
}

std::vector<std::string> write_directory(const LayerTree& tree, const std::filesystem::path& folder,
                                         const std::filesystem::path& fakeroot_file) {
  check_directory(folder);
  const auto named = std::filesystem::absolute(without_slash(folder));
  // Beside the folder, so that a rename can bring it.
  const TemporaryDirectory temporary(named.parent_path() / ".tarn-tree-");
  const auto inner = temporary.path() / "tree";
  make_directories(inner);
  const auto lines =
      unpack_tree(tree, inner, fakeroot_file.empty() ? TreeRights::possible : TreeRights::recorded);
  std::error_code status;
  if (fakeroot_file.empty()) {
    std::filesystem::rename(inner, named, status);
  } else {
    const std::string database = fakeroot_database(tree, inner);
    std::filesystem::rename(inner, named, status);
    if (!status) write_file(fakeroot_file, database);
  }
  if (status) throw system_error("writing " + named.string(), status.value());
  return lines;
}

}  // namespace tarn::builder
