#include "builder/rootfs/files.h"

#include <filesystem>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "apk/support/file.h"
#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;
using test::access_of;
using test::at_line;
using test::error_of;
using test::node_at;
using test::put_symlink;

/// A folder of the host that goes with the test.
class HostFolder {
 public:
  HostFolder() : folder_(fs::temp_directory_path() / "tarn-files-test-") {
    fs::create_directories(path() / "sub/empty");
    write_file(path() / "plain", "plain\n", 0600);
    write_file(path() / "sub/run", "#!/bin/sh\n", 0700);
    write_file(path() / "sub/nothing", "");
    fs::permissions(path() / "sub/run", fs::perms(06711));
    fs::permissions(path() / "sub/empty", fs::perms(0700));
    fs::create_symlink("../plain", path() / "sub/link");
    fs::create_symlink("/not/there", path() / "sub/dangling");
  }
  const fs::path& path() const { return folder_.path(); }

 private:
  TemporaryDirectory folder_;
};

FileEntry inline_file(std::string path, std::string content) {
  FileEntry entry;
  entry.path = std::move(path);
  entry.content = std::move(content);
  entry.position = at_line(4);
  return entry;
}

FileEntry host_file(std::string path, fs::path source) {
  FileEntry entry;
  entry.path = std::move(path);
  entry.source = std::move(source);
  entry.position = at_line(4);
  return entry;
}

}  // namespace

TEST_CASE("files: inline content replaces what is there, a link itself too") {
  Rootfs rootfs;
  rootfs.write_file("bin/busybox", "box", Owner{0}, 0755);
  put_symlink(rootfs, "bin/sh", "/bin/busybox");
  auto entry = inline_file("/bin/sh", "mine");
  entry.mode = 04755;
  entry.uid = 3;
  entry.gid = 4;
  apply_files(rootfs,
              {inline_file("etc/deep/er/motd", "hello\n"), entry, inline_file("/bin/none/", "")});
  CHECK(rootfs.read_file("etc/deep/er/motd") == "hello\n");
  CHECK(access_of(node_at(rootfs, "etc/deep/er/motd")) == "0644 0:0");
  CHECK(access_of(node_at(rootfs, "etc/deep")) == "0755 0:0");
  CHECK(rootfs.read_file("bin/sh") == "mine");
  CHECK(access_of(node_at(rootfs, "bin/sh")) == "4755 3:4");
  CHECK(rootfs.read_file("bin/busybox") == "box");
  CHECK(rootfs.read_file("bin/none") == "");
  CHECK(rootfs.find("bin/sh")->owner == Owner{});
}

TEST_CASE("files: a file of the host") {
  const HostFolder host;
  Rootfs rootfs;
  apply_files(rootfs, {host_file("/srv/plain", host.path() / "plain"),
                       host_file("/srv/run", host.path() / "sub/run"),
                       host_file("/srv/linked", host.path() / "sub/link")});
  CHECK(rootfs.read_file("srv/plain") == "plain\n");
  CHECK(access_of(node_at(rootfs, "srv/plain")) == "0644 0:0");
  CHECK(access_of(node_at(rootfs, "srv/run")) == "0755 0:0");
  CHECK(node_at(rootfs, "srv/linked").type == NodeType::file);
}

TEST_CASE("files: a folder of the host with all below it") {
  const HostFolder host;
  Rootfs rootfs;
  rootfs.make_directories("srv/app/sub", Owner{0});
  node_at(rootfs, "srv/app/sub").mode = 0711;
  auto entry = host_file("/srv/app", host.path());
  entry.uid = 100;
  entry.gid = 101;
  apply_files(rootfs, {entry});
  std::string listing;
  rootfs.walk([&](const std::string& path, const Entry& there) {
    listing += path + " " + access_of(*there.node) + " " + there.node->target + "\n";
  });
  CHECK(listing ==
        "srv 0755 0:0 \n"
        "srv/app 0755 0:0 \n"
        "srv/app/plain 0644 100:101 \n"
        "srv/app/sub 0711 0:0 \n"
        "srv/app/sub/dangling 0777 100:101 /not/there\n"
        "srv/app/sub/empty 0755 100:101 \n"
        "srv/app/sub/link 0777 100:101 ../plain\n"
        "srv/app/sub/nothing 0644 100:101 \n"
        "srv/app/sub/run 0755 100:101 \n");
  CHECK(rootfs.read_file("srv/app/sub/run") == "#!/bin/sh\n");
  CHECK(rootfs.read_file("srv/app/sub/nothing") == "");
}

TEST_CASE("files: a mode is that of the files; directories can be entered by whom it lets read") {
  const HostFolder host;
  Rootfs rootfs;
  auto entry = host_file("/", host.path());
  entry.mode = 0640;
  apply_files(rootfs, {entry});
  CHECK(access_of(node_at(rootfs, "sub")) == "0750 0:0");
  CHECK(access_of(node_at(rootfs, "sub/run")) == "0640 0:0");
  CHECK(access_of(rootfs.root()) == "0755 0:0");
}

TEST_CASE("files: a file that is another one when it is read is an error") {
  const HostFolder host;
  Rootfs rootfs;
  apply_files(rootfs, {host_file("/plain", host.path() / "plain")});
  write_file(host.path() / "plain", "longer than it was\n");
  const auto error = error_of([&] { rootfs.read_file("plain"); });
  CHECK(error.message() == (host.path() / "plain").string() + " changed while the image was built");
}

TEST_CASE("files: errors name the place") {
  const HostFolder host;
  REQUIRE(::mkfifo((host.path() / "fifo").c_str(), 0600) == 0);
  auto both = inline_file("/x", "y");
  both.source = host.path();
  auto neither = inline_file("/x", "y");
  neither.content.reset();
  for (const auto& entry :
       {both, neither, host_file("/x", host.path() / "missing"),
        host_file("/x", host.path() / "fifo"), host_file("/x", host.path()),
        host_file("/x", host.path() / "sub/dangling"), host_file("/etc", host.path() / "plain"),
        host_file("/file", host.path() / "sub"), inline_file("/etc", "x"), inline_file("/", "x"),
        inline_file("/file/x", "y")}) {
    Rootfs rootfs;
    rootfs.make_directories("etc", Owner{0});
    rootfs.write_file("file", "", Owner{0});
    const auto error = error_of([&] { apply_files(rootfs, {entry}); });
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.message().starts_with("recipe.yaml:4:3: "));
  }
}

}  // namespace tarn::builder
