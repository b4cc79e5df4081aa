#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "apk/index/index.h"
#include "apk/index/tar_reader.h"
#include "apk/index/tar_writer.h"
#include "apk/support/error.h"
#include "apk/support/gzip.h"

namespace tarn::apk {
namespace {

constexpr std::size_t signature_limit = 1U << 20U;
constexpr std::size_t text_limit = 512U << 20U;
constexpr std::size_t description_limit = 64U << 10U;
/// The text, the other files and the headers.
constexpr std::size_t index_limit = text_limit + (1U << 20U);
constexpr int compression_level = 9;

Error malformed(const std::string& why) {
  return {ErrorKind::failed, "this is no repository index: " + why};
}

std::string_view content_of(const TarEntry& entry, ByteView tar, std::size_t limit) {
  if (entry.size > limit)
    throw malformed(
        fmt::format("{} has {} bytes, more than the limit of {}", entry.path, entry.size, limit));
  return as_text(tar.subspan(entry.content, entry.size));
}

void read_signatures(ByteView tar, IndexFile& index) {
  TarReader reader(tar);
  while (const auto entry = reader.next()) {
    if (entry->type != '0' || !entry->path.starts_with(".SIGN."))
      throw malformed(
          fmt::format("its first gzip member holds '{}' instead of signatures", entry->path));
    const auto content = tar.subspan(entry->content, entry->size);
    index.signature_files.push_back({entry->path, Bytes(content.begin(), content.end())});
  }
}

void read_content(Bytes inflated, IndexFile& index) {
  const auto content = std::make_shared<const Bytes>(std::move(inflated));
  const ByteView tar = *content;
  TarReader reader(tar);
  bool found = false;
  while (const auto entry = reader.next()) {
    if (entry->type != '0') throw malformed(fmt::format("'{}' is no regular file", entry->path));
    if (entry->path == "DESCRIPTION") {
      index.description = std::string(content_of(*entry, tar, description_limit));
    } else if (entry->path == "APKINDEX") {
      if (std::exchange(found, true)) throw malformed("it holds two files APKINDEX");
      index.text = {content_of(*entry, tar, text_limit), content};
    } else if (entry->path.starts_with(".SIGN.")) {
      throw malformed("a signature lies in the gzip member that signatures cover");
    }
  }
  if (!found) throw malformed("it holds no file APKINDEX");
}

IndexFile parse_signature_files(ByteView file) {
  IndexFile index;
  index.signed_bytes = file;
  // The first of two members holds the signatures; an index without them is a single member.
  const auto first_size = gzip_member_size(file, signature_limit);
  if (first_size && *first_size < file.size()) {
    read_signatures(inflate_gzip_member(file, signature_limit).data, index);
    index.signed_bytes = file.subspan(*first_size);
  }
  return index;
}

}  // namespace

IndexFile IndexFile::parse(ByteView file, const std::string& name) {
  return with_context("reading index " + name, [&] {
    IndexFile index = parse_signature_files(file);
    read_content(inflate_whole_gzip(index.signed_bytes, index_limit), index);
    return index;
  });
}

IndexFile IndexFile::parse_signatures(ByteView file, const std::string& name) {
  return with_context("reading index " + name, [&] { return parse_signature_files(file); });
}

Bytes write_index(std::string_view description, std::vector<Package> packages) {
  Bytes tar;
  if (!description.empty()) append_tar_file(tar, "DESCRIPTION", as_bytes(description));
  append_tar_file(tar, "APKINDEX", as_bytes(index_text(std::move(packages))));
  append_tar_end(tar);
  return deflate_gzip(tar, compression_level);
}

}  // namespace tarn::apk
