#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tarn::builder {

/// The type of a tar record: the value is its octet in the header.
enum class TarType : char {
  file = '0',
  hard_link = '1',
  symlink = '2',
  character_device = '3',
  block_device = '4',
  directory = '5',
  fifo = '6',
};

/// The type as it stands in st_mode (S_IFMT); of a hard link that of the file it names.
std::uint32_t type_bits(TarType type);

/// What the header of one record says.
struct TarHeader {
  std::string path;  ///< without a leading "./" or '/', without a '/' at the end
  TarType type = TarType::file;
  std::uint32_t mode = 0644;  ///< 07777
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::string user;                ///< name of uid; may be empty
  std::string group;               ///< name of gid; may be empty
  std::uint64_t size = 0;          ///< octets of content; of a file only
  std::int64_t mtime = 0;          ///< seconds since 1970
  std::string link;                ///< target of a symlink, path of a hard link's first name
  std::uint32_t device_major = 0;  ///< of a device
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs;
};

/// Every header is a multiple of this, and every content is padded to one.
inline constexpr std::uint64_t tar_block = 512;

/// Changes when the same header or the same tree gives other octets.
inline constexpr int tar_format_version = 2;

/// The header as POSIX.1-2001 pax interchange format has it: a ustar block, and before it an
/// extended header (type 'x') only where ustar cannot say it: a long path or link, a number too
/// big or negative, text outside ASCII, extended attributes (SCHILY.xattr.NAME). No access or
/// change times. Throws Error (failed) for what no tar can hold: a NUL in a path, '=' in the name
/// of an attribute.
std::string tar_header(const TarHeader& header);

/// Octets from `size` to the next multiple of a block.
inline std::uint64_t tar_padding(std::uint64_t size) {
  return (tar_block - size % tar_block) % tar_block;
}

/// The two blocks that end an archive.
std::string tar_end();

}  // namespace tarn::builder
