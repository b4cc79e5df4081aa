#include "apk/index/tar_entry.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/ustar.h"

namespace tarn::apk {
namespace {

using namespace ustar;

constexpr std::uint64_t block_size = 512;
/// Longest path or link target; the kernel takes no longer one.
constexpr std::size_t longest_path = 4095;
constexpr std::string_view xattr_prefix = "SCHILY.xattr.";

Error damaged(std::uint64_t offset, const std::string& why) {
  return {ErrorKind::failed, fmt::format("tar: at byte {}: {}", offset, why)};
}

/// One header block and its place, for messages.
class Header {
 public:
  Header(ByteView tar, std::uint64_t offset) : offset_(offset) {
    if (offset > tar.size() || tar.size() - offset < block_size)
      throw damaged(offset, "the archive is cut short");
    block_ = as_text(tar.subspan(offset, block_size));
    if (!raw(magic_field).starts_with("ustar")) throw damaged(offset, "this is no ustar header");
  }

  char type() const { return block_[type_offset]; }
  std::string_view raw(Field field) const { return block_.substr(field.offset, field.size); }
  std::string_view text(Field field) const {
    const auto value = raw(field);
    return value.substr(0, value.find('\0'));
  }
  /// Octal digits, ended by NUL, a space or the end of the field.
  std::uint64_t number(Field field, std::string_view what, std::uint64_t largest) const {
    auto value = raw(field);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    value = value.substr(0, value.find_first_of(std::string_view("\0 ", 2)));
    std::uint64_t number = 0;
    const auto [end, status] =
        std::from_chars(value.data(), value.data() + value.size(), number, 8);
    if (value.empty()) return 0;
    if (status != std::errc() || end != value.data() + value.size())
      throw damaged(offset_, fmt::format("its {} is no octal number", what));
    if (number > largest) throw damaged(offset_, fmt::format("its {} is too large", what));
    return number;
  }
  std::uint32_t small_number(Field field, std::string_view what) const {
    return static_cast<std::uint32_t>(
        number(field, what, std::numeric_limits<std::uint32_t>::max()));
  }
  std::uint64_t size() const {
    return number(size_field, "size", std::numeric_limits<std::int64_t>::max());
  }

 private:
  std::uint64_t offset_;
  std::string_view block_;
};

/// What the headers before the entry's own one say.
struct Extensions {
  std::optional<std::string> path;
  std::optional<std::string> link;
  std::map<std::string, std::string> xattrs;
  std::optional<Sha1Digest> checksum;
};

void take_pax_record(std::string_view key, std::string_view value, std::uint64_t offset,
                     Extensions& extensions) {
  if (key == "path") {
    extensions.path = value;
  } else if (key == "linkpath") {
    extensions.link = value;
  } else if (key == "APK-TOOLS.checksum.SHA1") {
    extensions.checksum = digest_from_hex<20>(value);
    if (!extensions.checksum) throw damaged(offset, "its checksum is not 40 hexadecimal digits");
  } else if (key.starts_with(xattr_prefix) && key.size() > xattr_prefix.size()) {
    extensions.xattrs.insert_or_assign(std::string(key.substr(xattr_prefix.size())),
                                       std::string(value));
  } else if (key.starts_with("GNU.sparse.")) {
    throw damaged(offset, "sparse files are not supported");
  }
}

/// The records of a PAX header: "LENGTH KEY=VALUE\n", LENGTH counting the whole record.
void read_pax_records(std::string_view records, std::uint64_t offset, Extensions& extensions) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, status] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    const bool sound = status == std::errc() && length <= records.size() && digits + 2 < length &&
                       *end == ' ' && records[length - 1] == '\n';
    if (!sound) throw damaged(offset, "a PAX record is malformed");
    const auto record = records.substr(digits + 1, length - digits - 2);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos) throw damaged(offset, "a PAX record is malformed");
    take_pax_record(record.substr(0, equals), record.substr(equals + 1), offset, extensions);
    records.remove_prefix(length);
  }
}

std::string path_of(const Header& header) {
  const auto prefix = header.text(prefix_field);
  std::string path(prefix);
  if (!prefix.empty()) path += '/';
  path += header.text(name_field);
  return path;
}

TarEntry entry_of(const Header& header, Extensions&& extensions, std::uint64_t offset) {
  TarEntry entry;
  entry.path = extensions.path ? std::move(*extensions.path) : path_of(header);
  entry.type = header.type() == '7' ? '0' : header.type();
  entry.mode = header.small_number(mode_field, "mode") & 07777U;
  entry.uid = header.small_number(uid_field, "owner");
  entry.gid = header.small_number(gid_field, "group");
  entry.user = header.text(user_field);
  entry.group = header.text(group_field);
  entry.mtime = static_cast<std::int64_t>(
      header.number(mtime_field, "time", std::numeric_limits<std::int64_t>::max()));
  entry.size = header.size();
  entry.link = extensions.link ? std::move(*extensions.link) : std::string(header.text(link_field));
  if (entry.type == '3' || entry.type == '4') {
    entry.device_major = header.small_number(major_field, "device number");
    entry.device_minor = header.small_number(minor_field, "device number");
  }
  entry.xattrs = std::move(extensions.xattrs);
  entry.checksum = extensions.checksum;
  entry.content = offset + block_size;
  if (entry.path.size() > longest_path) throw damaged(offset, "its path is too long");
  if (entry.link.size() > longest_path) throw damaged(offset, "its link target is too long");
  return entry;
}

}  // namespace

TarEntry read_tar_entry(ByteView tar, std::uint64_t offset) {
  Extensions extensions;
  for (;;) {
    const Header header(tar, offset);
    const std::uint64_t size = header.size();
    const std::uint64_t room = tar.size() - offset - block_size;
    const std::uint64_t padded = (size + block_size - 1) / block_size * block_size;
    if (padded > room)
      throw damaged(offset, fmt::format("an entry of {} bytes does not fit: the archive is cut "
                                        "short",
                                        size));
    const std::uint64_t end = offset + block_size + padded;
    const auto content = as_text(tar.subspan(offset + block_size, size));
    const char type = header.type();
    if (type == 'x') {
      read_pax_records(content, offset, extensions);
    } else if (type == 'L') {
      extensions.path = content.substr(0, content.find('\0'));
    } else if (type == '\0') {
      throw damaged(offset, "the entry has no type flag");
    } else if (type >= '0' && type <= '7') {
      TarEntry entry = entry_of(header, std::move(extensions), offset);
      entry.end = end;
      return entry;
    } else if (type != 'g' && type != 'K') {
      throw damaged(offset, fmt::format("entry type 0x{:02x} is not supported",
                                        static_cast<unsigned char>(type)));
    }
    offset = end;
  }
}

}  // namespace tarn::apk
