#include "apk/package/extract.h"

#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"

namespace tarn::apk {
namespace {

/// Where a node lies: the open folder and its name there.
struct Place {
  FileDescriptor folder;
  std::string name;
};

/// Writes the entries of a package below a folder that is the root to all their paths.
class Extractor {
 public:
  Extractor(const std::filesystem::path& root, ExistingFiles existing, Progress& progress)
      : root_path_(root), existing_(existing), progress_(progress) {
    root_ = FileDescriptor(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root_) throw system_error("opening " + root.string(), errno);
  }

  /// Whether something other than a folder for a folder is where the entry would go.
  bool is_in_the_way(const DataEntry& entry) const {
    struct stat status = {};
    const FileDescriptor folder = open_beneath(folder_of(entry.path), O_PATH | O_DIRECTORY);
    if (!folder) {
      if (errno == ENOENT) return false;
      if (errno == ENOTDIR) return true;
      throw error(entry.path);
    }
    if (fstatat(folder.get(), name_of(entry.path).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return false;
      throw error(entry.path);
    }
    return entry.type != EntryType::directory || !open_beneath(entry.path, O_PATH | O_DIRECTORY);
  }

  void write(const DataEntry& entry, ByteView content) {
    switch (entry.type) {
      case EntryType::directory:
        make_directory(entry);
        break;
      case EntryType::file:
        write_file(entry, content);
        break;
      case EntryType::symlink:
        make_symlink(entry);
        break;
      case EntryType::hard_link:
        make_hard_link(entry);
        break;
      case EntryType::character_device:
      case EntryType::block_device:
      case EntryType::fifo:
        make_special(entry);
        break;
    }
  }

  /// Gives a folder its mode and time, once all that is in it is written.
  void finish_directory(const DataEntry& entry) {
    const FileDescriptor folder = open_beneath(entry.path, O_RDONLY | O_DIRECTORY);
    if (!folder) throw error(entry.path);
    set_metadata(folder.get(), entry);
  }

 private:
  static std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
  }
  static std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  Error error(const std::string& path) const {
    return system_error("writing " + (root_path_ / path).string(), errno);
  }

  /// Opens a path with the folder as its root: symlinks, absolute ones too, stay in it.
  FileDescriptor open_beneath(const std::string& path, int flags) const {
    open_how how = {};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return FileDescriptor(
        static_cast<int>(syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how)));
  }

  Place place_of(const std::string& path) const {
    Place place{open_beneath(folder_of(path), O_PATH | O_DIRECTORY), name_of(path)};
    if (!place.folder) throw error(path);
    return place;
  }

  /// The place of an entry, free of what is to be replaced.
  Place free_place(const DataEntry& entry) const {
    Place place = place_of(entry.path);
    if (existing_ == ExistingFiles::replaced &&
        unlinkat(place.folder.get(), place.name.c_str(), 0) != 0 && errno != ENOENT)
      throw error(entry.path);
    return place;
  }

  void make_directory(const DataEntry& entry) {
    if (open_beneath(entry.path, O_PATH | O_DIRECTORY)) return;
    const Place place = free_place(entry);
    // Its owner may write into it until it is finished.
    if (mkdirat(place.folder.get(), place.name.c_str(), 0700) != 0) throw error(entry.path);
  }

  void write_file(const DataEntry& entry, ByteView content) {
    const Place place = free_place(entry);
    const FileDescriptor fd(openat(place.folder.get(), place.name.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) throw error(entry.path);
    try {
      write_all(fd.get(), content, root_path_ / entry.path);
      set_metadata(fd.get(), entry);
    } catch (...) {
      unlinkat(place.folder.get(), place.name.c_str(), 0);
      throw;
    }
  }

  void make_symlink(const DataEntry& entry) {
    const Place place = free_place(entry);
    if (symlinkat(entry.target.c_str(), place.folder.get(), place.name.c_str()) != 0)
      throw error(entry.path);
    set_owner_and_time(place, entry);
  }

  void make_hard_link(const DataEntry& entry) {
    const Place target = place_of(entry.target);
    const Place place = free_place(entry);
    if (linkat(target.folder.get(), target.name.c_str(), place.folder.get(), place.name.c_str(),
               0) != 0)
      throw error(entry.path);
  }

  void make_special(const DataEntry& entry) {
    const Place place = free_place(entry);
    const mode_t type = entry.type == EntryType::fifo               ? S_IFIFO
                        : entry.type == EntryType::character_device ? S_IFCHR
                                                                    : S_IFBLK;
    const dev_t device = type == S_IFIFO ? 0 : makedev(entry.device_major, entry.device_minor);
    if (mknodat(place.folder.get(), place.name.c_str(), type | 0600, device) != 0) {
      if (errno != EPERM) throw error(entry.path);
      progress_.note(NoteLevel::warning,
                     entry.path + ": left out, making a device needs privilege");
      return;
    }
    set_owner_and_time(place, entry);
    if (fchmodat(place.folder.get(), place.name.c_str(), entry.mode, 0) != 0)
      throw error(entry.path);
  }

  void set_owner_and_time(const Place& place, const DataEntry& entry) {
    if (geteuid() == 0 && fchownat(place.folder.get(), place.name.c_str(), entry.uid, entry.gid,
                                   AT_SYMLINK_NOFOLLOW) != 0)
      throw error(entry.path);
    const timespec times[2] = {{entry.mtime, 0}, {entry.mtime, 0}};
    if (utimensat(place.folder.get(), place.name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
      throw error(entry.path);
  }

  /// Owner before mode and attributes: changing it drops set-id bits and capabilities.
  void set_metadata(int fd, const DataEntry& entry) {
    if (geteuid() == 0 && fchown(fd, entry.uid, entry.gid) != 0) throw error(entry.path);
    if (fchmod(fd, entry.mode) != 0) throw error(entry.path);
    for (const auto& [name, value] : entry.xattrs) {
      if (fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0) continue;
      if (errno != EPERM && errno != ENOTSUP) throw error(entry.path);
      progress_.note(NoteLevel::warning,
                     fmt::format("{}: the attribute {} cannot be set here", entry.path, name));
    }
    const timespec times[2] = {{entry.mtime, 0}, {entry.mtime, 0}};
    if (futimens(fd, times) != 0) throw error(entry.path);
  }

  std::filesystem::path root_path_;
  ExistingFiles existing_;
  Progress& progress_;
  FileDescriptor root_;
};

DataEntry script_entry(ScriptKind kind, const Package& package) {
  DataEntry entry;
  entry.path = fmt::format(".{}", script_name(kind));
  entry.mode = 0755;
  entry.mtime = package.build_time;
  return entry;
}

void refuse_existing(const Extractor& extractor, const std::vector<DataEntry>& entries,
                     const std::filesystem::path& folder) {
  constexpr std::size_t shown = 5;
  std::size_t count = 0;
  Error error(ErrorKind::usage, "there are files in the way in " + folder.string());
  for (const auto& entry : entries)
    if (extractor.is_in_the_way(entry) && ++count <= shown) error.detail("exists", entry.path);
  if (count == 0) return;
  if (count > shown) error.detail("and", fmt::format("{} more", count - shown));
  error.hint("--force replaces them");
  throw error;
}

}  // namespace

void extract_package(const PackageFile& package, const PackageData& data,
                     const std::filesystem::path& folder, const ExtractOptions& options,
                     Progress& progress, const std::stop_token& stop) {
  make_directories(folder);
  Extractor extractor(folder, options.existing, progress);
  std::vector<DataEntry> scripts;
  if (options.scripts == ScriptFiles::written)
    for (const auto& [kind, text] : package.scripts())
      scripts.push_back(script_entry(kind, package.package()));
  if (options.existing == ExistingFiles::refused) {
    auto all = data.entries;
    all.insert(all.end(), scripts.begin(), scripts.end());
    refuse_existing(extractor, all, folder);
  }
  const ByteView tar = *data.tar;
  for (const auto& entry : data.entries) {
    throw_if_stopped(stop);
    extractor.write(
        entry, entry.type == EntryType::file ? tar.subspan(entry.offset, entry.size) : ByteView());
  }
  std::size_t next = 0;
  for (const auto& [kind, text] : package.scripts())
    if (next < scripts.size()) extractor.write(scripts[next++], as_bytes(text));
  for (auto entry = data.entries.rbegin(); entry != data.entries.rend(); ++entry)
    if (entry->type == EntryType::directory) extractor.finish_directory(*entry);
}

}  // namespace tarn::apk
