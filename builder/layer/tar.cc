#include "builder/layer/tar.h"

#include <algorithm>
#include <optional>

#include <fmt/core.h>
#include <sys/stat.h>

#include "apk/support/error.h"
#include "apk/support/ustar.h"

namespace tarn::builder {
namespace {

using namespace ustar;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// The octets of the UTF-8 sequence that begins with `lead`; 0 when none does.
std::size_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

/// Whether the text is UTF-8 (RFC 3629).
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = octet(i);
    const std::size_t length = utf8_length(lead);
    if (length == 0 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((octet(i + k) & 0xC0U) != 0x80) return false;
    // Over-long forms, surrogates, and what lies beyond Unicode.
    if (length > 2) {
      const unsigned char second = octet(i + 1);
      if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
          (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
        return false;
    }
    i += length;
  }
  return true;
}

void put_text(std::string& block, Field field, std::string_view text) {
  block.replace(field.offset, std::min(text.size(), field.size),
                text.substr(0, std::min(text.size(), field.size)));
}

/// Whether `value` fits a field of octal digits that ends with NUL.
bool fits_octal(std::int64_t value, Field field) {
  return value >= 0 && (value >> (3 * (field.size - 1))) == 0;
}

void put_octal(std::string& block, Field field, std::uint64_t value) {
  put_text(block, field, fmt::format("{:0{}o}", value, field.size - 1));
}

void put_checksum(std::string& block) {
  put_text(block, checksum_field, std::string(checksum_field.size, ' '));
  std::uint32_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put_text(block, checksum_field, fmt::format("{:06o}", sum));
  block[checksum_field.offset + 6] = '\0';
}

/// A block with all that is the same in every header.
std::string new_block(char type) {
  std::string block(tar_block, '\0');
  block[type_offset] = type;
  put_text(block, magic_and_version_field, std::string_view("ustar\00000", 8));
  return block;
}

/// Where a path can be cut into ustar's prefix and name: the '/' between them; 0 when the name
/// field holds it all; nothing when it does not fit.
std::optional<std::size_t> split_path(std::string_view path) {
  if (path.size() <= name_field.size) return 0;
  // The '/' that ends a directory's path is part of the name.
  const std::size_t last = std::min(prefix_field.size, path.size() - 2);
  const std::size_t slash = path.rfind('/', last);
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  if (path.size() - slash - 1 > name_field.size) return std::nullopt;
  return slash;
}

/// The records of an extended header, in order of their keys.
class ExtendedRecords {
 public:
  void set(std::string key, std::string value) { records_[std::move(key)] = std::move(value); }
  /// Texts in an extended header are UTF-8 unless it says otherwise.
  void set_text(std::string key, std::string value) {
    if (!is_utf8(value)) set("hdrcharset", "BINARY");
    set(std::move(key), std::move(value));
  }
  bool empty() const { return records_.empty(); }

  std::string str() const {
    std::string text;
    for (const auto& [key, value] : records_) {
      // "LENGTH KEY=VALUE\n", where the length counts its own digits.
      const std::size_t rest = key.size() + value.size() + 3;
      std::size_t length = rest + 1;
      while (rest + std::to_string(length).size() != length)
        length = rest + std::to_string(length).size();
      text += fmt::format("{} {}=", length, key);
      text += value;
      text += '\n';
    }
    return text;
  }

 private:
  std::map<std::string, std::string> records_;
};

/// What shows for an extended header in tools that do not know it.
std::string extended_name(std::string_view path) {
  std::string name = "PaxHeaders/";
  if (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  for (const char c : path.substr(0, name_field.size - name.size()))
    name += static_cast<unsigned char>(c) < 0x80 ? c : '_';
  return name;
}

std::string extended_header(const std::string& path, const ExtendedRecords& records) {
  const std::string text = records.str();
  std::string block = new_block('x');
  put_text(block, name_field, extended_name(path));
  put_octal(block, mode_field, 0644);
  put_octal(block, uid_field, 0);
  put_octal(block, gid_field, 0);
  put_octal(block, size_field, text.size());
  put_octal(block, mtime_field, 0);
  put_octal(block, major_field, 0);
  put_octal(block, minor_field, 0);
  put_checksum(block);
  return block + text + std::string(tar_padding(text.size()), '\0');
}

void put_path(std::string& block, ExtendedRecords& records, const std::string& path) {
  const auto cut = split_path(path);
  if (!cut || !is_ascii(path)) records.set_text("path", path);
  if (!cut || *cut == 0) {
    put_text(block, name_field, path);
  } else {
    put_text(block, prefix_field, std::string_view(path).substr(0, *cut));
    put_text(block, name_field, std::string_view(path).substr(*cut + 1));
  }
}

void put_link(std::string& block, ExtendedRecords& records, const std::string& link) {
  if (link.size() > link_field.size || !is_ascii(link)) records.set_text("linkpath", link);
  put_text(block, link_field, link);
}

/// User and group names end with NUL.
void put_name(std::string& block, ExtendedRecords& records, Field field, const char* key,
              const std::string& name) {
  if (name.size() >= field.size || !is_ascii(name)) records.set_text(key, name);
  put_text(block, {field.offset, field.size - 1}, name);
}

void put_number(std::string& block, ExtendedRecords& records, Field field, const char* key,
                std::int64_t value) {
  if (fits_octal(value, field)) {
    put_octal(block, field, static_cast<std::uint64_t>(value));
  } else {
    records.set(key, std::to_string(value));
    put_octal(block, field, 0);
  }
}

void put_device(std::string& block, Field field, std::uint32_t value, const std::string& path) {
  if (!fits_octal(value, field))
    throw Error(ErrorKind::failed, fmt::format("device number {} of /{} is too big", value, path));
  put_octal(block, field, value);
}

void put_xattrs(ExtendedRecords& records, const TarHeader& header) {
  for (const auto& [name, value] : header.xattrs) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos)
      throw Error(ErrorKind::failed, fmt::format("/{} has an extended attribute with an impossible "
                                                 "name",
                                                 header.path));
    records.set("SCHILY.xattr." + name, value);
  }
}

void check_texts(const TarHeader& header) {
  const auto check = [&](const std::string& text, const char* what) {
    if (text.find('\0') != std::string::npos)
      throw Error(ErrorKind::failed,
                  fmt::format("the {} of /{} holds a NUL", what, header.path.c_str()));
  };
  if (header.path.empty()) throw Error(ErrorKind::failed, "an entry has no path");
  check(header.path, "path");
  check(header.link, "link target");
  check(header.user, "user name");
  check(header.group, "group name");
}

}  // namespace

std::uint32_t type_bits(TarType type) {
  switch (type) {
    case TarType::directory:
      return S_IFDIR;
    case TarType::symlink:
      return S_IFLNK;
    case TarType::fifo:
      return S_IFIFO;
    case TarType::character_device:
      return S_IFCHR;
    case TarType::block_device:
      return S_IFBLK;
    case TarType::file:
    case TarType::hard_link:
      break;
  }
  return S_IFREG;
}

std::string tar_header(const TarHeader& header) {
  check_texts(header);
  std::string block = new_block(static_cast<char>(header.type));
  ExtendedRecords records;
  const std::string path = header.type == TarType::directory ? header.path + '/' : header.path;
  put_path(block, records, path);
  put_link(block, records, header.link);
  put_octal(block, mode_field, header.mode & 07777U);
  put_number(block, records, uid_field, "uid", static_cast<std::int64_t>(header.uid));
  put_number(block, records, gid_field, "gid", static_cast<std::int64_t>(header.gid));
  put_number(block, records, size_field, "size", static_cast<std::int64_t>(header.size));
  put_number(block, records, mtime_field, "mtime", header.mtime);
  put_name(block, records, user_field, "uname", header.user);
  put_name(block, records, group_field, "gname", header.group);
  put_device(block, major_field, header.device_major, header.path);
  put_device(block, minor_field, header.device_minor, header.path);
  put_xattrs(records, header);
  put_checksum(block);
  return records.empty() ? block : extended_header(path, records) + block;
}

std::string tar_end() {
  std::string end(2 * tar_block, '\0');
  return end;
}

}  // namespace tarn::builder
