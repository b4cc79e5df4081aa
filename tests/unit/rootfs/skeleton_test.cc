#include "builder/rootfs/skeleton.h"

#include <filesystem>

#include <doctest/doctest.h>

#include "apk/support/file.h"
#include "builder/rootfs/accounts.h"
#include "unit/rootfs/recipe_rootfs.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;
using test::access_of;
using test::error_of;
using test::node_at;

/// A folder with a skeleton that goes with the test.
class SkeletonFolder {
 public:
  explicit SkeletonFolder(std::string_view manifest)
      : folder_(fs::temp_directory_path() / "tarn-skeleton-test-") {
    fs::create_directories(folder_.path() / "files/etc");
    write_file(folder_.path() / "files/etc/motd", "hello\n");
    write_file(folder_.path() / "mtree", manifest);
  }
  std::string path() const { return folder_.path().string(); }

 private:
  TemporaryDirectory folder_;
};

}  // namespace

TEST_CASE("skeletons: minimal has what an image needs, and is the default") {
  Rootfs rootfs;
  apply_skeleton(rootfs, load_skeleton(""));
  CHECK(access_of(node_at(rootfs, "tmp")) == "1777 0:0");
  CHECK(access_of(node_at(rootfs, "var/tmp")) == "1777 0:0");
  CHECK(access_of(node_at(rootfs, "root")) == "0700 0:0");
  for (const std::string_view path : {"dev", "proc", "sys", "run", "etc", "var", "home"})
    CHECK(node_at(rootfs, path).type == NodeType::directory);
  CHECK(rootfs.find("var/run", Rootfs::Follow::last) == rootfs.find("run"));
  const AccountDatabase accounts(rootfs);
  CHECK(accounts.find_user("root")->uid == 0);
  CHECK(accounts.find_user("nobody")->uid == 65534);
  CHECK(accounts.find_group("root")->gid == 0);
  CHECK(accounts.find_group("nogroup") != nullptr);
  rootfs.walk([](const std::string& path, const Entry& entry) {
    CAPTURE(path);
    CHECK(entry.owner.value == Owner::skeleton);
  });
  CHECK(skeleton_digest(load_skeleton("")) == skeleton_digest(load_skeleton("minimal")));
  CHECK(skeleton_digest(load_skeleton("")) != skeleton_digest(load_skeleton("none")));
}

TEST_CASE("skeletons: what is built in is what the sources have") {
  for (const auto& name : skeleton_names()) {
    const auto folder = fs::path(TARN_SOURCE_DIR) / "rootfs-skel" / name;
    CHECK(skeleton_digest(load_skeleton(name)) == skeleton_digest(load_skeleton(folder.string())));
  }
  CHECK(skeleton_names() == std::vector<std::string>{"minimal"});
}

TEST_CASE("skeletons: none") {
  Rootfs rootfs;
  apply_skeleton(rootfs, load_skeleton("none"));
  CHECK(rootfs.root().children.empty());
}

TEST_CASE("skeletons: one of a folder") {
  const SkeletonFolder folder(
      "#mtree\n"
      "\n"
      "./etc/motd\ttype=file  mode=0600 uid=3 gid=4\n"
      "a/b type=dir mode=2770\r\n"
      "with\\040space type=link link=a\\040b\n"
      "a type=dir uid=9");
  Rootfs rootfs;
  apply_skeleton(rootfs, load_skeleton(folder.path()));
  CHECK(access_of(node_at(rootfs, "etc/motd")) == "0600 3:4");
  CHECK(rootfs.read_file("etc/motd") == "hello\n");
  CHECK(access_of(node_at(rootfs, "a")) == "0755 9:0");
  CHECK(access_of(node_at(rootfs, "a/b")) == "2770 0:0");
  CHECK(node_at(rootfs, "with space").target == "a b");
}

TEST_CASE("skeletons: errors of a manifest name the line") {
  struct Case {
    std::string_view line, what;
  };
  for (const auto& row : {
           Case{"a", "an entry without type="},
           {"a type=block", "unknown type 'block' (known are dir, file and link)"},
           {"a type=dir mode=9", "'9' is no mode"},
           {"a type=dir mode=17777", "'17777' is no mode"},
           {"a type=dir uid=x", "'x' is no uid"},
           {"a type=dir gid=-1", "'-1' is no gid"},
           {"a type=link", "a link without link="},
           {"a type=link link=", "'' is no target of a link"},
           {"a type=dir link=b", "link= belongs to type=link alone"},
           {"a type=dir size=3",
            "unknown keyword 'size' (known are type, mode, uid, gid and link)"},
           {"/set type=dir", "'/set' is no path below the root"},
           {"../a type=dir", "'../a' is no path below the root"},
           {"a/../../b type=dir", "'a/../../b' is no path below the root"},
           {"a//b type=dir", "'a//b' is no path below the root"},
           {"a/ type=dir", "'a/' is no path below the root"},
           {". type=dir", "'.' is no path below the root"},
           {"a\\9 type=dir", "'a\\9' is no path below the root"},
           {"a\\000 type=dir", "'a\\000' is no path below the root"},
           {"ok type=dir", "'ok' is there twice"},
       }) {
    CAPTURE(row.line);
    const SkeletonFolder folder("ok type=dir\n" + std::string(row.line) + "\n");
    const auto error = error_of([&] { load_skeleton(folder.path()); });
    CHECK(error.message() == folder.path() + "/mtree:2: " + std::string(row.what));
    CHECK(error.kind() == ErrorKind::usage);
  }
  const SkeletonFolder folder("etc/none type=file");
  CHECK(error_of([&] { load_skeleton(folder.path()); }).message().find("mtree:1") !=
        std::string::npos);
}

TEST_CASE("skeletons: an unknown name is told the known ones") {
  const auto error = error_of([] { load_skeleton("minimum"); });
  CHECK(error.kind() == ErrorKind::usage);
  CHECK(error.message() == "there is no skeleton 'minimum'");
  CHECK(error.details().at(0).second == "minimal, none");
  CHECK_THROWS_AS(load_skeleton("/not/there"), Error);
}

}  // namespace tarn::builder
