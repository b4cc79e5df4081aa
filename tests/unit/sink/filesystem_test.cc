#include "builder/sink/filesystem.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "builder/sink/program.h"
#include "unit/sink/sample_layers.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

/// The image of a file system that `make` writes, twice; both must be the same.
template <typename Make>
std::string made_twice(Make make) {
  const TemporaryDirectory temporary(std::filesystem::temp_directory_path() / "tarn-sink-");
  std::string first;
  for (const char* name : {"one", "two"}) {
    const auto folder = temporary.path() / name;
    std::filesystem::create_directory(folder);
    make(folder / "image", folder);
    const std::string bytes = read_file(folder / "image");
    if (first.empty()) first = bytes;
    CHECK(bytes == first);
  }
  return first;
}

std::string debugfs(const std::filesystem::path& image, const std::string& request) {
  ProgramCall call;
  call.program = *find_program("debugfs");
  call.arguments = {"-R", request, image.string()};
  return run_program(call, {}).output;
}

}  // namespace

TEST_CASE("filesystem: a UUID is made from a digest") {
  Sha256Digest digest;
  digest.octets.fill(0xFF);
  CHECK(uuid_of(digest) == "ffffffff-ffff-8fff-bfff-ffffffffffff");
}

TEST_CASE("filesystem: compressions that there are not are refused") {
  CHECK_THROWS_AS(check_squashfs("none"), Error);
  CHECK_THROWS_AS(check_erofs("gzip"), Error);
}

TEST_CASE("filesystem: squashfs, erofs and ext4 of every type of node are the same each time") {
  using test::record;
  auto device = record("dev/null", TarType::character_device);
  device.device_major = 1;
  device.device_minor = 3;
  auto tool = record("tool", TarType::file);
  tool.mode = 04755;
  tool.uid = 70000;
  tool.mtime = 900;
  const std::vector<Layer> layers = {
      test::layer_of({{device, ""},
                      {record("dev/pipe", TarType::fifo), ""},
                      {tool, std::string(10000, 't')},
                      {record("alias", TarType::hard_link, "tool"), ""},
                      {record("link", TarType::symlink, "tool"), ""}})};
  const LayerTree tree(layers, 800, {});
  FilesystemSettings settings;
  settings.created = 800;
  settings.identity = layers.front().diff_id;
  CHECK(newest_time(tree, 900) == 900);
  CHECK(newest_time(tree, 100) == 900);
  if (find_program("mksquashfs")) {
    const std::string image =
        made_twice([&](const auto& file, const auto&) { make_squashfs(tree, settings, file, {}); });
    CHECK(image.starts_with("hsqs"));
  } else {
    MESSAGE("mksquashfs is not installed");
  }
  if (find_program("mkfs.erofs") && ::geteuid() == 0) {
    const std::string image = made_twice([&](const auto& file, const auto& folder) {
      make_erofs(tree, settings, file, folder, {});
    });
    CHECK(image.substr(1024, 4) == "\xe2\xe1\xf5\xe0");
  } else {
    MESSAGE("mkfs.erofs is not installed, or this is not root");
  }
}

TEST_CASE("filesystem: ext4 has owners, devices and attributes, and room for many names") {
  if (!find_program("mke2fs") || !find_program("debugfs")) {
    MESSAGE("e2fsprogs is not installed");
    return;
  }
  using test::record;
  auto device = record("dev/disk", TarType::block_device);
  device.device_major = 259;
  device.device_minor = 4096;
  device.uid = 100000;
  auto file = record("f", TarType::file);
  file.mode = 06755;
  file.mtime = 5'000'000'000;
  file.xattrs["user.note"] = std::string("a\0b", 3);
  std::vector<std::pair<TarHeader, std::string>> records = {{device, ""}, {file, "content"}};
  for (int i = 100; i < 300; ++i)
    records.push_back(
        {record(std::string(100, 'n') + std::to_string(i), TarType::hard_link, "f"), ""});
  const std::vector<Layer> layers = {test::layer_of(records)};
  const LayerTree tree(layers, 900, {});
  FilesystemSettings settings;
  settings.created = 900;
  const TemporaryDirectory temporary(std::filesystem::temp_directory_path() / "tarn-sink-");
  const auto image = temporary.path() / "image";
  make_ext4(tree, settings, image, temporary.path(), {});
  const std::string disk = debugfs(image, "stat /dev/disk");
  CHECK(disk.find("block special") != std::string::npos);
  CHECK(disk.find("100000") != std::string::npos);
  CHECK(disk.find("259:4096") != std::string::npos);
  const std::string stat = debugfs(image, "stat /" + std::string(100, 'n') + "299");
  CHECK(stat.find("Links: 201") != std::string::npos);
  CHECK(stat.find("Mode:  06755") != std::string::npos);
  CHECK(stat.find("2128") != std::string::npos);
  CHECK(stat.find("user.note") != std::string::npos);
  ProgramCall check;
  check.program = *find_program("e2fsck");
  check.arguments = {"-fn", image.string()};
  CHECK_NOTHROW(run_program(check, {}));

  const std::vector<Layer> broken = {test::layer_of({{record("line\nbreak", TarType::file), ""}})};
  const TemporaryDirectory other(std::filesystem::temp_directory_path() / "tarn-sink-");
  CHECK_THROWS_AS(
      make_ext4(LayerTree(broken, 900, {}), settings, other.path() / "image", other.path(), {}),
      Error);
}
