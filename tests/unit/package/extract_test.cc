#include "apk/package/extract.h"

#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apk/package/package_writer.h"
#include "apk/support/error.h"
#include "apk/support/file.h"

namespace tarn::apk {
namespace {

PayloadEntry entry(std::string path, EntryType type, std::string_view content = "",
                   std::uint32_t mode = 0644) {
  PayloadEntry made;
  made.header.path = std::move(path);
  made.header.type = type;
  made.header.mode = mode;
  made.header.uid = ::getuid();
  made.header.gid = ::getgid();
  if (type == EntryType::file)
    made.content = Bytes(as_bytes(content).begin(), as_bytes(content).end());
  else
    made.header.target = content;
  return made;
}

struct Packed {
  Bytes file;
  PackageFile package;
  PackageData data;
};

Packed pack(Payload payload) {
  PackageManifest manifest;
  manifest.package.name = "x";
  manifest.package.version = "1";
  manifest.package.arch = "x86_64";
  manifest.package.build_time = 1700000000;
  manifest.scripts[ScriptKind::trigger] = "exit 0\n";
  Bytes file = write_package(manifest, std::move(payload));
  PackageFile package = PackageFile::parse(file, "x.apk");
  PackageData data = read_package_data(package);
  return {std::move(file), std::move(package), std::move(data)};
}

void extract(const Packed& packed, const std::filesystem::path& folder,
             const ExtractOptions& options = {}) {
  SilentProgress progress;
  extract_package(packed.package, packed.data, folder, options, progress, {});
}

TemporaryDirectory temporary() {
  return TemporaryDirectory(std::filesystem::temp_directory_path() / "tarn-extract-");
}

}  // namespace

TEST_CASE("modes, times, links and scripts are as the package says") {
  const auto folder = temporary();
  const auto root = folder.path() / "root";
  const Packed packed = pack({entry("closed", EntryType::directory, "", 0555),
                              entry("closed/file", EntryType::file, "text", 04711),
                              entry("closed/again", EntryType::hard_link, "closed/file"),
                              entry("link", EntryType::symlink, "/anywhere")});
  ExtractOptions options;
  options.scripts = ScriptFiles::written;
  extract(packed, root, options);
  CHECK(read_file(root / "closed/file") == "text");
  CHECK(std::filesystem::equivalent(root / "closed/file", root / "closed/again"));
  CHECK(std::filesystem::read_symlink(root / "link") == "/anywhere");
  CHECK(read_file(root / ".trigger") == "exit 0\n");
  struct stat status = {};
  REQUIRE(stat((root / "closed/file").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 04711);
  CHECK(status.st_mtim.tv_sec == 1700000000);
  REQUIRE(stat((root / "closed").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0555);
  REQUIRE(chmod((root / "closed").c_str(), 0755) == 0);
}

TEST_CASE("no symlink in the folder leads out of it") {
  const auto folder = temporary();
  const auto root = folder.path() / "root";
  const auto outside = folder.path() / "outside";
  make_directories(root);
  make_directories(outside);
  std::filesystem::create_symlink("../outside", root / "relative");
  std::filesystem::create_symlink(outside, root / "absolute");
  for (const char* path : {"relative/file", "absolute/file"}) {
    const Packed packed = pack({entry(path, EntryType::file, "text")});
    CHECK_THROWS_AS(extract(packed, root), Error);
    ExtractOptions options;
    options.existing = ExistingFiles::replaced;
    extract(packed, root, options);
    CHECK(std::filesystem::is_empty(outside));
    CHECK(read_file(root / path) == "text");
    CHECK_FALSE(std::filesystem::is_symlink(root / std::filesystem::path(path).parent_path()));
  }
}

TEST_CASE("a symlinked folder that stays inside is followed, as from the root") {
  const auto folder = temporary();
  make_directories(folder.path() / "usr/bin");
  std::filesystem::create_symlink("/usr/bin", folder.path() / "bin");
  extract(pack({entry("bin/tool", EntryType::file, "text")}), folder.path());
  CHECK(read_file(folder.path() / "usr/bin/tool") == "text");
}

TEST_CASE("what exists is refused before anything is written, or replaced when asked") {
  const auto folder = temporary();
  write_file(folder.path() / "b", "mine");
  const Packed packed =
      pack({entry("a", EntryType::file, "new"), entry("b", EntryType::file, "new")});
  CHECK_THROWS_AS(extract(packed, folder.path()), Error);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "a"));
  CHECK(read_file(folder.path() / "b") == "mine");
  ExtractOptions options;
  options.existing = ExistingFiles::replaced;
  extract(packed, folder.path(), options);
  CHECK(read_file(folder.path() / "b") == "new");
}

}  // namespace tarn::apk
