#include "apk/database/scripts_archive.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

#include "apk/support/error.h"
#include "apk/support/ustar.h"

namespace tarn::apk {
namespace {

using namespace ustar;

constexpr std::size_t block_size = 512;
/// A name field of 100 octets, ended by NUL.
constexpr std::size_t name_limit = 99;

using Block = std::array<char, block_size>;

void put_text(Block& block, Field field, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), field.size), block.begin() + field.offset);
}

/// Octal digits that fill the field but for the NUL that ends it.
void put_octal(Block& block, Field field, std::uint64_t value) {
  put_text(block, field, fmt::format("{:0{}o}", value, field.size - 1));
}

struct Header {
  std::string_view name;
  char type = '0';
  std::uint64_t size = 0;
  std::uint64_t mtime = 0;
};

void append(Bytes& tar, std::string_view text) {
  const ByteView bytes = as_bytes(text);
  tar.insert(tar.end(), bytes.begin(), bytes.end());
}

void append_header(Bytes& tar, const Header& header) {
  Block block{};
  put_text(block, {name_field.offset, name_limit}, header.name);
  put_octal(block, mode_field, 0755);
  put_octal(block, uid_field, 0);
  put_octal(block, gid_field, 0);
  put_octal(block, size_field, header.size);
  put_octal(block, mtime_field, header.mtime);
  block[type_offset] = header.type;
  put_text(block, magic_and_version_field, "ustar  ");
  put_text(block, user_field, "root");
  put_text(block, group_field, "root");
  put_text(block, checksum_field, "        ");
  const unsigned sum = std::accumulate(block.begin(), block.end(), 0U, [](unsigned total, char c) {
    return total + static_cast<unsigned char>(c);
  });
  put_text(block, checksum_field, fmt::format("{:06o}", sum) + std::string(1, '\0'));
  append(tar, {block.data(), block.size()});
}

void append_content(Bytes& tar, std::string_view content) {
  append(tar, content);
  tar.resize((tar.size() + block_size - 1) / block_size * block_size);
}

/// A time that does not fit the header's eleven octal digits is written as 0.
std::uint64_t header_time(std::int64_t time) {
  constexpr std::int64_t limit = (std::int64_t{1} << 33) - 1;
  return time < 0 || time > limit ? 0 : static_cast<std::uint64_t>(time);
}

}  // namespace

std::string script_file_name(const Package& package, ScriptKind kind) {
  return fmt::format("{}-{}.X1{}.{}", package.name, package.version, package.identity.hex(),
                     script_name(kind));
}

Bytes write_scripts_archive(std::span<const InstalledPackage> packages) {
  Bytes tar;
  for (const InstalledPackage* installed : in_database_order(packages)) {
    for (const auto& [kind, script] : installed->scripts) {
      std::string name = script_file_name(installed->package, kind);
      if (name.size() > name_limit) {
        append_header(tar, {"././@LongLink", 'L', name.size() + 1, 0});
        append_content(tar, name + '\0');
      }
      append_header(tar, {name, '0', script.size(), header_time(installed->package.build_time)});
      append_content(tar, script);
    }
  }
  tar.resize(tar.size() + 2 * block_size);
  return tar;
}

std::string triggers_text(std::span<const InstalledPackage> packages) {
  std::string text;
  for (const InstalledPackage& installed : packages) {
    if (installed.triggers.empty()) continue;
    text += fmt::format("{} {}\n", installed.package.identity.str(),
                        fmt::join(installed.triggers, " "));
  }
  return text;
}

}  // namespace tarn::apk
