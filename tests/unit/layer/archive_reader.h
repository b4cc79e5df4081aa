#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "apk/support/bytes.h"

namespace tarn::test {

/// An entry of a tar as libarchive reads it.
struct ReadEntry {
  std::string path;
  char type = '?';  ///< as in a listing: d - l c b p, and h for a hard link
  std::uint32_t mode = 0;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::string user;
  std::string group;
  std::int64_t mtime = 0;
  bool has_other_times = false;
  std::string link;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::map<std::string, std::string> xattrs;
  std::string content;
};

inline char letter_of_type(unsigned type) {
  switch (type) {
    case AE_IFDIR:
      return 'd';
    case AE_IFREG:
      return '-';
    case AE_IFLNK:
      return 'l';
    case AE_IFCHR:
      return 'c';
    case AE_IFBLK:
      return 'b';
    case AE_IFIFO:
      return 'p';
    default:
      return '?';
  }
}

inline std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : text;
}

/// All entries of a tar, compressed or not.
inline std::vector<ReadEntry> read_archive(ByteView bytes) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      &archive_read_free);
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  const auto check = [&](la_ssize_t status) {
    if (status < ARCHIVE_WARN) throw std::runtime_error(archive_error_string(reader.get()));
  };
  check(archive_read_open_memory(reader.get(), bytes.data(), bytes.size()));
  std::vector<ReadEntry> entries;
  archive_entry* entry = nullptr;
  for (;;) {
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return entries;
    check(status);
    ReadEntry read;
    read.path = text_or_empty(archive_entry_pathname(entry));
    read.type = archive_entry_hardlink(entry) != nullptr
                    ? 'h'
                    : letter_of_type(archive_entry_filetype(entry));
    read.mode = archive_entry_perm(entry);
    read.uid = archive_entry_uid(entry);
    read.gid = archive_entry_gid(entry);
    read.user = text_or_empty(archive_entry_uname(entry));
    read.group = text_or_empty(archive_entry_gname(entry));
    read.mtime = archive_entry_mtime(entry);
    read.has_other_times =
        archive_entry_atime_is_set(entry) != 0 || archive_entry_ctime_is_set(entry) != 0;
    read.link =
        text_or_empty(archive_entry_hardlink(entry)) + text_or_empty(archive_entry_symlink(entry));
    if (read.type == 'c' || read.type == 'b') {
      read.major = static_cast<std::uint32_t>(archive_entry_rdevmajor(entry));
      read.minor = static_cast<std::uint32_t>(archive_entry_rdevminor(entry));
    }
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
      read.xattrs[name] = std::string(static_cast<const char*>(value), size);
    std::string buffer(65536, '\0');
    for (;;) {
      const la_ssize_t got = archive_read_data(reader.get(), buffer.data(), buffer.size());
      check(got);
      if (got == 0) break;
      read.content.append(buffer, 0, static_cast<std::size_t>(got));
    }
    entries.push_back(std::move(read));
  }
}

}  // namespace tarn::test
