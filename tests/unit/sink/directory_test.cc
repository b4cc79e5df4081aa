#include "builder/sink/directory.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "apk/support/error.h"
#include "unit/sink/sample_layers.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

struct stat status_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

}  // namespace

TEST_CASE("directory: everything but what this user may not set") {
  const Images images = test::sample_images({"x86_64"}, "base");
  const LayerTree tree(images.images.front().layers, 9, {});
  const TemporaryDirectory temporary(std::filesystem::temp_directory_path() / "tarn-sink-");
  const auto folder = temporary.path() / "tree";
  const auto losses = write_directory(tree, folder / "", {});
  const bool is_root = ::geteuid() == 0;
  CHECK(read_file(folder / "usr/bin/alias") == "the tool");
  CHECK(status_of(folder / "usr/bin/alias").st_ino == status_of(folder / "etc/tool-link").st_ino);
  CHECK(status_of(folder / "usr/bin/tool").st_mtim.tv_sec == 300);
  CHECK(status_of(folder).st_mtim.tv_sec == 9);
  CHECK((status_of(folder / "dev").st_mode & 07777) == 01777);
  CHECK(S_ISFIFO(status_of(folder / "dev/pipe").st_mode));
  CHECK(std::filesystem::read_symlink(folder / "usr/bin-link") == "bin");
  CHECK((status_of(folder / "usr/bin/tool").st_mode & 07777) == (is_root ? 04755 : 0755));
  CHECK((status_of(folder / "usr/bin/tool").st_uid == 82) == is_root);
  if (!is_root) CHECK(losses.size() == 4);
  // A folder that is there is replaced only if it is empty.
  CHECK_THROWS_AS(write_directory(tree, folder, {}), Error);
  std::filesystem::create_directory(temporary.path() / "empty");
  write_directory(tree, temporary.path() / "empty", {});
  CHECK(read_file(temporary.path() / "empty/usr/bin/tool") == "the tool");
  CHECK_THROWS_AS(check_directory(folder / "etc/hosts"), Error);
}

TEST_CASE("directory: fakeroot's file has owners, modes and devices of every file") {
  const Images images = test::sample_images({"x86_64"}, "base");
  const LayerTree tree(images.images.front().layers, 9, {});
  const TemporaryDirectory temporary(std::filesystem::temp_directory_path() / "tarn-sink-");
  const auto folder = temporary.path() / "tree";
  const auto file = temporary.path() / "db";
  write_directory(tree, folder, file);
  const std::string database = read_file(file);
  const auto line = [&](const char* path, const std::string& rest) {
    const struct stat status = status_of(folder / path);
    return database.find("dev=" + fmt::format("{:x}", status.st_dev) + ",ino=" +
                         std::to_string(status.st_ino) + "," + rest + "\n") != std::string::npos;
  };
  CHECK(line("usr/bin/tool", "mode=104755,uid=82,gid=82,nlink=3,rdev=0"));
  CHECK(line("dev/null", "mode=20666,uid=0,gid=0,nlink=1,rdev=259"));
  CHECK(line("usr/bin-link", "mode=120777,uid=0,gid=0,nlink=1,rdev=0"));
  CHECK(S_ISREG(status_of(folder / "dev/null").st_mode));
  CHECK(std::count(database.begin(), database.end(), '\n') ==
        static_cast<std::ptrdiff_t>(tree.entries().size() - 2));
}
