#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "apk/support/bytes.h"
#include "apk/support/hash.h"

namespace tarn::apk {

/// One entry of a tar archive with what apk takes from its headers: numbers in octal from the
/// header itself, the records `path`, `linkpath`, `SCHILY.xattr.*` and `APK-TOOLS.checksum.SHA1`
/// from a PAX header before it, the path from a GNU `L` header. Other records do not count.
struct TarEntry {
  std::string path;  ///< as written, a directory's with its trailing '/'
  char type = '0';   ///< '0' also for the old synonym '7'
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user;
  std::string group;
  std::int64_t mtime = 0;
  std::uint64_t size = 0;  ///< octets of content
  std::string link;        ///< target of a hard or symbolic link
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs;
  std::optional<Sha1Digest> checksum;
  std::uint64_t content = 0;  ///< offset of the content in the archive
  std::uint64_t end = 0;      ///< offset of what follows the entry
};

/// Reads the headers of the entry at `offset` of an archive in memory. Throws Error (failed) for
/// anything that is not ustar, a type that is none of 0 to 7, or a place outside the archive.
TarEntry read_tar_entry(ByteView tar, std::uint64_t offset);

}  // namespace tarn::apk
