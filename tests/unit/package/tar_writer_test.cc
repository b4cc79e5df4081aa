#include "apk/package/tar_writer.h"

#include <map>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <doctest/doctest.h>

#include "apk/support/error.h"

namespace tarn::apk {
namespace {

struct Read {
  std::string path;
  std::string target;
  std::string content;
  std::uint32_t mode;
  std::map<std::string, std::string> xattrs;
};

/// What libarchive makes of an archive.
std::vector<Read> read_back(const Bytes& tar) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(),
                                                                      &archive_read_free);
  archive_read_support_format_tar(reader.get());
  REQUIRE(archive_read_open_memory(reader.get(), tar.data(), tar.size()) == ARCHIVE_OK);
  std::vector<Read> entries;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    Read read{archive_entry_pathname(entry), "", "", archive_entry_perm(entry), {}};
    if (const char* target = archive_entry_symlink(entry)) read.target = target;
    read.content.resize(static_cast<std::size_t>(archive_entry_size(entry)));
    REQUIRE(archive_read_data(reader.get(), read.content.data(), read.content.size()) ==
            static_cast<la_ssize_t>(read.content.size()));
    archive_entry_xattr_reset(entry);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
      read.xattrs.emplace(name, std::string(static_cast<const char*>(value), size));
    entries.push_back(std::move(read));
  }
  return entries;
}

std::string deep_path(std::size_t size) {
  std::string path;
  while (path.size() + 10 < size) path += "directory/";
  return path + std::string(size - path.size(), 'f');
}

}  // namespace

TEST_CASE("tar paths of any length come back, short ones without a PAX header") {
  struct Case {
    std::string path;
    std::size_t blocks;  // without the end of the archive
  };
  const Case cases[] = {
      {"a", 1},
      {std::string(100, 'x'), 1},
      {deep_path(101), 1},
      {deep_path(240), 1},
      {deep_path(257), 3},
      {deep_path(700), 4},
      {std::string(101, 'x'), 3},
      {std::string(156, 'x') + "/y", 3},
  };
  for (const Case& row : cases) {
    const auto& [path, blocks] = row;
    Bytes tar;
    TarHeader header;
    header.path = path;
    header.mode = 0644;
    TarWriter(tar).add(header, as_bytes(""));
    CHECK_MESSAGE(tar.size() == blocks * 512, row.path.size());
    TarWriter(tar).end();
    const auto entries = read_back(tar);
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].path == path);
  }
}

TEST_CASE("tar carries directories, long link targets, attributes with any octet, and content") {
  Bytes tar;
  TarWriter writer(tar);
  TarHeader folder;
  folder.path = "usr";
  folder.type = '5';
  folder.mode = 01777;
  writer.add_header(folder);
  TarHeader link;
  link.path = "usr/link";
  link.type = '2';
  link.mode = 0777;
  link.target = std::string(180, 't');
  writer.add_header(link);
  TarHeader file;
  file.path = "usr/file";
  file.mode = 04755;
  const std::string value("\0\n=\xff", 4);
  file.records = {{"APK-TOOLS.checksum.SHA1", "00"}, {"SCHILY.xattr.user.x", value}};
  writer.add(file, as_bytes("content"));
  writer.end();
  CHECK(tar.size() % 512 == 0);

  const auto entries = read_back(tar);
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].path == "usr/");
  CHECK(entries[0].mode == 01777);
  CHECK(entries[1].target == link.target);
  CHECK(entries[2].content == "content");
  CHECK(entries[2].mode == 04755);
  CHECK(entries[2].xattrs == std::map<std::string, std::string>{{"user.x", value}});
  CHECK(as_text(tar).find("30 APK-TOOLS.checksum.SHA1=00\n") != std::string_view::npos);
}

TEST_CASE("tar refuses what its header cannot say") {
  const auto fails = [](auto change) {
    TarHeader header;
    header.path = "file";
    change(header);
    Bytes tar;
    CHECK_THROWS_AS(TarWriter(tar).add_header(header), Error);
  };
  fails([](TarHeader& header) { header.uid = 1U << 21U; });
  fails([](TarHeader& header) { header.size = 1ULL << 33U; });
  fails([](TarHeader& header) { header.mtime = 1LL << 33U; });
  fails([](TarHeader& header) { header.user = std::string(32, 'u'); });
}

}  // namespace tarn::apk
