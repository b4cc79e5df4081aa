#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "apk/support/bytes.h"

namespace tarn::apk {

/// What a tar header says of one entry.
struct TarHeader {
  std::string path;  ///< without a trailing '/', also for directories
  char type = '0';   ///< POSIX type flag: '0' file, '1' hard link, '2' symlink, '3'…'6'
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user;
  std::string group;
  std::int64_t mtime = 0;
  std::uint64_t size = 0;  ///< octets of content that follow
  std::string target;      ///< of a link
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  /// Extra PAX records, keyword and value, in the order in which they are written. A path or target
  /// too long for the header gets its record by itself.
  std::vector<std::pair<std::string, std::string>> records;
};

/// Writes POSIX tar (ustar headers, PAX records where needed) behind what `out` holds: a function
/// of its arguments alone. Readers of packages know no base-256 numbers and no PAX sizes, times and
/// owners, so what does not fit a ustar header is refused.
class TarWriter {
 public:
  explicit TarWriter(Bytes& out) : out_(out), start_(out.size()) {}

  /// The header; `header.size` octets of content and pad() must follow when there is any. Throws
  /// Error (failed) naming the path when a value does not fit.
  void add_header(const TarHeader& header);
  /// Zeros up to the next block.
  void pad();
  /// Header, content and padding; the size is that of `content`.
  void add(TarHeader header, ByteView content);
  /// The two zero blocks that end an archive.
  void end();

 private:
  void add_block(const TarHeader& header, const std::string& name, const std::string& prefix,
                 const std::string& target);

  Bytes& out_;
  std::size_t start_;  ///< where the archive begins in `out_`
};

}  // namespace tarn::apk
