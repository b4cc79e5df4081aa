#include "builder/sink/layer_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <map>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/ustar.h"

namespace tarn::builder {
namespace {

using namespace ustar;

constexpr std::string_view xattr_prefix = "SCHILY.xattr.";
/// Extended headers are kept in memory.
constexpr std::uint64_t largest_extension = 1U << 20U;

Error damaged(const std::string& why) {
  return {ErrorKind::failed, "reading a layer: " + why};
}

class Block {
 public:
  explicit Block(std::string_view octets) : octets_(octets) {
    if (!check_sum()) throw damaged("a tar header is damaged");
  }
  char type() const { return octets_[type_offset]; }
  std::string_view raw(Field field) const { return octets_.substr(field.offset, field.size); }
  std::string text(Field field) const {
    const auto value = raw(field);
    return std::string(value.substr(0, value.find('\0')));
  }
  /// Octal digits, or GNU's form for large numbers: the first bit, then big-endian octets.
  std::int64_t number(Field field) const {
    auto value = raw(field);
    if ((static_cast<unsigned char>(value[0]) & 0x80U) != 0) return binary(value);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    value = value.substr(0, value.find_first_of(std::string_view("\0 ", 2)));
    std::int64_t number = 0;
    const auto [end, status] =
        std::from_chars(value.data(), value.data() + value.size(), number, 8);
    if (value.empty()) return 0;
    if (status != std::errc() || end != value.data() + value.size() || number < 0)
      throw damaged("a tar header has a number that is none");
    return number;
  }
  std::string path() const {
    const std::string prefix =
        raw(magic_field) == std::string_view("ustar\0", 6) ? text(prefix_field) : std::string();
    return prefix.empty() ? text(name_field) : prefix + '/' + text(name_field);
  }

 private:
  bool check_sum() const {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < octets_.size(); ++i) {
      const bool own =
          i >= checksum_field.offset && i < checksum_field.offset + checksum_field.size;
      sum += own ? ' ' : static_cast<unsigned char>(octets_[i]);
    }
    return number(checksum_field) == sum;
  }
  static std::int64_t binary(std::string_view value) {
    const bool negative = (static_cast<unsigned char>(value[0]) & 0x40U) != 0;
    std::uint64_t number = negative ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const auto octet = static_cast<unsigned char>(value[i]);
      // What is beyond 64 bits must say nothing but the sign.
      const unsigned char top = i == 0 ? octet & 0x7FU : octet;
      const unsigned char sign = i == 0 ? (negative ? 0x7F : 0) : (negative ? 0xFF : 0);
      if (value.size() - i > 8 && top != sign) throw damaged("a number in a tar header is too big");
      number = (number << 8U) | (i == 0 && negative ? octet | 0x80U : top);
    }
    const auto result = static_cast<std::int64_t>(number);
    if ((result < 0) != negative) throw damaged("a number in a tar header is too big");
    return result;
  }

  std::string_view octets_;
};

/// A decimal number of a pax record; a fraction of a second is cut off.
std::int64_t pax_number(std::string_view value) {
  std::int64_t number = 0;
  const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = end == value.data() + value.size() || *end == '.';
  if (status != std::errc() || !whole) throw damaged("an extended header has a wrong number");
  return number;
}

using Records = std::map<std::string, std::string, std::less<>>;

/// "LENGTH KEY=VALUE\n", LENGTH counting the whole record.
void read_records(std::string_view text, Records& records) {
  while (!text.empty()) {
    std::size_t length = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto digits = static_cast<std::size_t>(end - text.data());
    const bool sound = status == std::errc() && length <= text.size() && digits + 2 < length &&
                       *end == ' ' && text[length - 1] == '\n';
    const auto record = sound ? text.substr(digits + 1, length - digits - 2) : std::string_view();
    const auto equals = record.find('=');
    if (equals == std::string_view::npos) throw damaged("an extended header is damaged");
    records[std::string(record.substr(0, equals))] = record.substr(equals + 1);
    text.remove_prefix(length);
  }
}

std::uint64_t not_negative(std::int64_t number, const char* what) {
  if (number < 0) throw damaged(fmt::format("a tar header has a negative {}", what));
  return static_cast<std::uint64_t>(number);
}

std::uint32_t device_number(std::int64_t number) {
  if (number < 0 || number > std::numeric_limits<std::uint32_t>::max())
    throw damaged("a device number is too big");
  return static_cast<std::uint32_t>(number);
}

TarType type_of(char type) {
  if (type == '\0' || type == '7') return TarType::file;
  if (type >= '0' && type <= '6') return static_cast<TarType>(type);
  throw damaged(fmt::format("a tar record of type 0x{:02x} is not supported",
                            static_cast<unsigned char>(type)));
}

TarHeader header_of(const Block& block, Records& records) {
  TarHeader header;
  const auto text = [&](const char* key, std::string otherwise) {
    const auto found = records.find(key);
    return found == records.end() ? std::move(otherwise) : found->second;
  };
  const auto number = [&](const char* key, Field field) {
    const auto found = records.find(key);
    return found == records.end() ? block.number(field) : pax_number(found->second);
  };
  header.path = text("path", block.path());
  header.type = type_of(block.type());
  header.mode = static_cast<std::uint32_t>(block.number(mode_field)) & 07777U;
  header.uid = not_negative(number("uid", uid_field), "owner");
  header.gid = not_negative(number("gid", gid_field), "group");
  header.user = text("uname", block.text(user_field));
  header.group = text("gname", block.text(group_field));
  header.size = not_negative(number("size", size_field), "size");
  header.mtime = number("mtime", mtime_field);
  header.link = text("linkpath", block.text(link_field));
  if (header.type == TarType::character_device || header.type == TarType::block_device) {
    header.device_major = device_number(block.number(major_field));
    header.device_minor = device_number(block.number(minor_field));
  }
  for (const auto& [key, value] : records) {
    if (key.starts_with("GNU.sparse.")) throw damaged("sparse files in a tar are not supported");
    if (key.starts_with(xattr_prefix)) header.xattrs[key.substr(xattr_prefix.size())] = value;
  }
  return header;
}

std::string until_nul(std::string text) {
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

}  // namespace

bool LayerReader::read_block(std::span<std::byte> block) {
  const std::size_t got = stream_.read(block);
  if (got == 0) return false;
  if (got < block.size()) throw damaged("the tar is cut short");
  return true;
}

std::string LayerReader::read_text(std::uint64_t size) {
  if (size > largest_extension) throw damaged("an extended header is too long");
  std::string text(size, '\0');
  if (stream_.read(std::as_writable_bytes(std::span(text))) != size)
    throw damaged("the tar is cut short");
  skip(tar_padding(size));
  return text;
}

void LayerReader::skip(std::uint64_t size) {
  std::array<std::byte, 16384> buffer;
  while (size != 0) {
    const auto part = std::span(buffer).first(std::min<std::uint64_t>(size, buffer.size()));
    if (stream_.read(part) != part.size()) throw damaged("the tar is cut short");
    size -= part.size();
  }
}

std::size_t LayerReader::read(std::span<std::byte> buffer) {
  const auto part = buffer.first(std::min<std::uint64_t>(content_, buffer.size()));
  if (stream_.read(part) != part.size()) throw damaged("the tar is cut short");
  content_ -= part.size();
  return part.size();
}

std::optional<TarHeader> LayerReader::next() {
  skip(content_ + padding_);
  content_ = padding_ = 0;
  begin_ = stream_.consumed();
  Records records;
  for (;;) {
    std::array<char, tar_block> octets;
    const std::string_view view(octets.data(), octets.size());
    if (!read_block(std::as_writable_bytes(std::span(octets)))) return std::nullopt;
    if (view.find_first_not_of('\0') == std::string_view::npos) {
      // The stream's own end shows whether it is whole.
      while (read_block(std::as_writable_bytes(std::span(octets)))) {
      }
      return std::nullopt;
    }
    const Block block(view);
    const auto size = not_negative(block.number(size_field), "size");
    switch (block.type()) {
      case 'x':
        read_records(read_text(size), records);
        continue;
      case 'L':
        records["path"] = until_nul(read_text(size));
        continue;
      case 'K':
        records["linkpath"] = until_nul(read_text(size));
        continue;
      case 'g':  // says nothing about a file that counts here
        skip(size + tar_padding(size));
        continue;
      default:
        break;
    }
    TarHeader header = header_of(block, records);
    content_ = header.size;
    padding_ = tar_padding(header.size);
    // Only files have content; others may have a size all the same (POSIX.1-2001).
    if (header.type != TarType::file) header.size = content_ = padding_ = 0;
    return header;
  }
}

}  // namespace tarn::builder
