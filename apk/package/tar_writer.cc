#include "apk/package/tar_writer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

constexpr std::size_t block_size = 512;
constexpr std::size_t name_size = 100;
constexpr std::size_t prefix_size = 155;
constexpr std::size_t owner_size = 32;

using Block = std::array<char, block_size>;

void put_text(Block& block, std::size_t offset, std::string_view text) {
  std::memcpy(block.data() + offset, text.data(), text.size());
}

/// An octal number of `width` - 1 digits and a NUL.
void put_number(Block& block, std::size_t offset, std::size_t width, std::uint64_t value,
                const TarHeader& header, const char* what) {
  const std::string digits = fmt::format("{:0{}o}", value, width - 1);
  if (digits.size() > width - 1)
    throw Error(ErrorKind::failed,
                fmt::format("{}: {} {} does not fit a tar header", header.path, what, value));
  put_text(block, offset, digits);
}

void put_owner(Block& block, std::size_t offset, const std::string& name, const TarHeader& header) {
  if (name.size() >= owner_size)
    throw Error(ErrorKind::failed, fmt::format("{}: the owner name '{}' does not fit a tar header",
                                               header.path, name));
  put_text(block, offset, name);
}

/// `path` cut into a prefix and a name that fit a ustar header; nothing when no '/' allows it.
std::optional<std::pair<std::string, std::string>> split_path(const std::string& path) {
  if (path.size() <= name_size) return std::pair(std::string(), path);
  if (path.size() > prefix_size + 1 + name_size) return std::nullopt;
  // The first '/' after which at most name_size octets are left gives the shortest prefix. A
  // directory's trailing '/' cannot be the cut.
  const std::size_t cut = path.find('/', path.size() - name_size - 1);
  if (cut > prefix_size || cut == 0 || cut + 1 == path.size())  // also when there is none
    return std::nullopt;
  return std::pair(path.substr(0, cut), path.substr(cut + 1));
}

/// "LENGTH KEYWORD=VALUE\n", where LENGTH counts itself.
std::string pax_record(const std::string& keyword, const std::string& value) {
  const std::size_t rest = keyword.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return fmt::format("{} {}={}\n", length, keyword, value);
}

}  // namespace

void TarWriter::add_block(const TarHeader& header, const std::string& name,
                          const std::string& prefix, const std::string& target) {
  Block block{};
  put_text(block, 0, name);
  put_number(block, 100, 8, header.mode, header, "mode");
  put_number(block, 108, 8, header.uid, header, "owner");
  put_number(block, 116, 8, header.gid, header, "group");
  put_number(block, 124, 12, header.size, header, "size");
  put_number(block, 136, 12, static_cast<std::uint64_t>(std::max<std::int64_t>(header.mtime, 0)),
             header, "time");
  put_text(block, 148, "        ");
  block[156] = header.type;
  put_text(block, 157, target);
  put_text(block, 257, std::string_view("ustar\00000", 8));
  put_owner(block, 265, header.user, header);
  put_owner(block, 297, header.group, header);
  put_number(block, 329, 8, header.device_major, header, "device number");
  put_number(block, 337, 8, header.device_minor, header, "device number");
  put_text(block, 345, prefix);
  std::uint32_t sum = 0;
  for (const char octet : block) sum += static_cast<unsigned char>(octet);
  put_text(block, 148, fmt::format("{:06o}", sum));
  block[154] = '\0';
  const auto bytes = std::as_bytes(std::span(block));
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

void TarWriter::add_header(const TarHeader& header) {
  const std::string path = header.type == '5' ? header.path + '/' : header.path;
  const auto split = split_path(path);
  std::string records;
  if (!split) records += pax_record("path", path);
  if (header.target.size() > name_size) records += pax_record("linkpath", header.target);
  for (const auto& [keyword, value] : header.records) records += pax_record(keyword, value);
  if (!records.empty()) {
    TarHeader extension;
    extension.path = header.path;
    extension.type = 'x';
    extension.mode = 0644;
    extension.mtime = header.mtime;
    extension.size = records.size();
    add_block(extension, ("PaxHeaders/" + header.path).substr(0, name_size), "", "");
    const auto bytes = as_bytes(records);
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    pad();
  }
  add_block(header, split ? split->second : path.substr(0, name_size), split ? split->first : "",
            header.target.substr(0, name_size));
}

void TarWriter::pad() {
  const std::size_t size = out_.size() - start_;
  out_.resize(start_ + (size + block_size - 1) / block_size * block_size);
}

void TarWriter::add(TarHeader header, ByteView content) {
  header.size = content.size();
  add_header(header);
  out_.insert(out_.end(), content.begin(), content.end());
  pad();
}

void TarWriter::end() {
  pad();
  out_.resize(out_.size() + 2 * block_size);
}

}  // namespace tarn::apk
