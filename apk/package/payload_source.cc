// Where a payload comes from: a folder of the host, or a tar archive.

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <set>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/core.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "apk/package/payload.h"
#include "apk/support/error.h"

namespace tarn::apk {
namespace {

std::string user_name(uid_t uid) {
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  return getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr
             ? found->pw_name
             : std::string();
}

std::string group_name(gid_t gid) {
  std::array<char, 16384> buffer;
  group entry{};
  group* found = nullptr;
  return getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr
             ? found->gr_name
             : std::string();
}

/// The attributes of a file that belong into a package: those of the file system it happens to lie
/// on (SELinux labels, ACLs of the host) do not.
std::map<std::string, std::string> read_xattrs(const std::filesystem::path& path) {
  std::map<std::string, std::string> attributes;
  const ssize_t size = llistxattr(path.c_str(), nullptr, 0);
  if (size < 0 && (errno == ENOTSUP || errno == EPERM)) return attributes;
  if (size < 0) throw system_error("reading the attributes of " + path.string(), errno);
  std::string names(static_cast<std::size_t>(size), '\0');
  const ssize_t got = llistxattr(path.c_str(), names.data(), names.size());
  if (got < 0) throw system_error("reading the attributes of " + path.string(), errno);
  names.resize(static_cast<std::size_t>(got));
  for (std::size_t start = 0; start < names.size();) {
    const std::string name = names.c_str() + start;
    start += name.size() + 1;
    if (!name.starts_with("user.") && name != "security.capability") continue;
    std::string value(65536, '\0');
    const ssize_t length = lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (length < 0)
      throw system_error(fmt::format("reading the attribute {} of {}", name, path.string()), errno);
    value.resize(static_cast<std::size_t>(length));
    attributes.emplace(name, std::move(value));
  }
  return attributes;
}

EntryType type_of(const struct stat& status, const std::filesystem::path& path) {
  switch (status.st_mode & S_IFMT) {
    case S_IFREG:
      return EntryType::file;
    case S_IFDIR:
      return EntryType::directory;
    case S_IFLNK:
      return EntryType::symlink;
    case S_IFCHR:
      return EntryType::character_device;
    case S_IFBLK:
      return EntryType::block_device;
    case S_IFIFO:
      return EntryType::fifo;
    default:
      throw Error(ErrorKind::usage, path.string() + " is a socket: a package cannot carry it");
  }
}

PayloadEntry read_node(const std::filesystem::path& path, std::string name,
                       const struct stat& status, FolderOwners owners) {
  PayloadEntry entry;
  DataEntry& header = entry.header;
  header.path = std::move(name);
  header.type = type_of(status, path);
  header.mode = header.type == EntryType::symlink ? 0777 : status.st_mode & 07777;
  header.mtime = status.st_mtim.tv_sec;
  header.user = "root";
  header.group = "root";
  if (owners == FolderOwners::kept) {
    header.uid = status.st_uid;
    header.gid = status.st_gid;
    header.user = user_name(status.st_uid);
    header.group = group_name(status.st_gid);
  }
  if (header.type == EntryType::symlink) header.target = std::filesystem::read_symlink(path);
  if (header.type == EntryType::file) entry.content = path;
  if (header.type == EntryType::character_device || header.type == EntryType::block_device) {
    header.device_major = major(status.st_rdev);
    header.device_minor = minor(status.st_rdev);
  }
  if (header.type != EntryType::symlink) header.xattrs = read_xattrs(path);
  return entry;
}

struct ArchiveFree {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using ArchiveReader = std::unique_ptr<archive, ArchiveFree>;

Error archive_error(const std::filesystem::path& path, archive* reader) {
  const char* why = archive_error_string(reader);
  return {ErrorKind::failed, fmt::format("{}: {}", path.string(),
                                         why != nullptr ? why : "not an archive that can be read")};
}

/// A text of an archive entry: the octets as they are, or what a PAX record says in UTF-8.
std::string text_of(const char* octets, const char* utf8) {
  if (octets != nullptr) return octets;
  return utf8 != nullptr ? utf8 : "";
}

EntryType type_of(archive_entry* entry, const std::string& path) {
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_hardlink_utf8(entry) != nullptr)
    return EntryType::hard_link;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryType::file;
    case AE_IFDIR:
      return EntryType::directory;
    case AE_IFLNK:
      return EntryType::symlink;
    case AE_IFCHR:
      return EntryType::character_device;
    case AE_IFBLK:
      return EntryType::block_device;
    case AE_IFIFO:
      return EntryType::fifo;
    default:
      throw Error(ErrorKind::failed, path + ": an entry of unknown type");
  }
}

/// A path of an archive without a leading "./" and trailing '/'; empty for the root.
std::string plain_path(std::string path) {
  while (path.starts_with("./")) path.erase(0, path.find_first_not_of('/', 1));
  while (path.ends_with('/') && path.size() > 1) path.pop_back();
  return path == "." ? std::string() : path;
}

DataEntry read_header(archive_entry* entry) {
  DataEntry header;
  header.path =
      plain_path(text_of(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry)));
  header.type = type_of(entry, header.path);
  header.mode = header.type == EntryType::symlink ? 0777 : archive_entry_perm(entry);
  header.uid = static_cast<std::uint32_t>(archive_entry_uid(entry));
  header.gid = static_cast<std::uint32_t>(archive_entry_gid(entry));
  header.user = text_of(archive_entry_uname(entry), archive_entry_uname_utf8(entry));
  header.group = text_of(archive_entry_gname(entry), archive_entry_gname_utf8(entry));
  header.mtime = archive_entry_mtime(entry);
  if (header.type == EntryType::symlink)
    header.target = text_of(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry));
  if (header.type == EntryType::hard_link)
    header.target =
        plain_path(text_of(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry)));
  header.device_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(entry));
  header.device_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(entry));
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
    header.xattrs.emplace(name, std::string(static_cast<const char*>(value), size));
  return header;
}

Bytes read_content(archive* reader, const std::filesystem::path& path, std::uint64_t limit) {
  Bytes content;
  Bytes buffer(1U << 20U);
  for (;;) {
    const la_ssize_t got = archive_read_data(reader, buffer.data(), buffer.size());
    if (got < 0) throw archive_error(path, reader);
    if (got == 0) return content;
    content.insert(content.end(), buffer.begin(), buffer.begin() + got);
    if (content.size() > limit)
      throw Error(ErrorKind::failed, path.string() + ": the archive holds more than the limit");
  }
}

}  // namespace

Payload read_payload_folder(const std::filesystem::path& folder, FolderOwners owners) {
  if (!std::filesystem::is_directory(folder))
    throw Error(ErrorKind::usage, folder.string() + " is not a folder");
  std::set<std::filesystem::path> paths;  // sorted: which name of a file is its first must not
                                          // depend on the order of the folder
  for (const auto& node : std::filesystem::recursive_directory_iterator(folder))
    paths.insert(node.path());
  Payload payload;
  std::map<std::pair<dev_t, ino_t>, std::string> first_names;
  for (const auto& path : paths) {
    struct stat status = {};
    if (lstat(path.c_str(), &status) != 0) throw system_error("reading " + path.string(), errno);
    payload.push_back(
        read_node(path, path.lexically_relative(folder).generic_string(), status, owners));
    DataEntry& header = payload.back().header;
    if (header.type != EntryType::file || status.st_nlink < 2) continue;
    const auto [first, is_new] =
        first_names.emplace(std::pair(status.st_dev, status.st_ino), header.path);
    if (is_new) continue;
    header.type = EntryType::hard_link;
    header.target = first->second;
    payload.back().content = Bytes();
  }
  return payload;
}

Payload read_payload_tar(const std::filesystem::path& path, std::uint64_t limit) {
  const ArchiveReader reader(archive_read_new());
  if (!reader) throw Error(ErrorKind::failed, "out of memory");
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), 1U << 16U) != ARCHIVE_OK)
    throw archive_error(path, reader.get());
  std::map<std::string, PayloadEntry> entries;
  for (;;) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) throw archive_error(path, reader.get());
    PayloadEntry made;
    made.header = read_header(entry);
    if (made.header.path.empty()) continue;  // the root itself
    if (made.header.type == EntryType::file) {
      Bytes content = read_content(reader.get(), path, limit);
      limit -= content.size();
      made.content = std::move(content);
    }
    entries.insert_or_assign(made.header.path, std::move(made));
  }
  Payload payload;
  payload.reserve(entries.size());
  for (auto& [name, entry] : entries) payload.push_back(std::move(entry));
  return payload;
}

}  // namespace tarn::apk
