#include "builder/report/image_difference.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "builder/report/image_difference_text.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

apk::InstalledPackage package_with(const std::string& name, const std::string& version,
                                   const std::vector<std::string>& files = {}) {
  apk::InstalledPackage installed;
  installed.package.name = name;
  installed.package.version = version;
  installed.package.identity.digest = sha1(name + version);
  installed.package.installed_size = 1000;
  installed.directories.push_back({"usr", {}, {}});
  for (const std::string& file : files)
    installed.directories.back().files.push_back({file, {}, {}});
  return installed;
}

/// An image to be compared, with all that it refers to.
struct Side {
  Rootfs rootfs;
  std::vector<apk::InstalledPackage> packages;
  Json config = Json::object();
  Json manifest = Json::object();
  std::uint64_t size = 0;

  ComparedImage compared() const { return {rootfs, packages, config, manifest, size, 2 * size}; }
};

Side old_side() {
  Side side;
  side.packages = {package_with("a", "1.0-r0", {"a"}), package_with("b", "1.9-r0", {"b"}),
                   package_with("gone", "1-r0"),       package_with("same", "1-r0"),
                   package_with("twice", "1-r0"),      package_with("up", "1.9-r0")};
  for (const char* path : {"usr/a", "usr/b", "etc/x", "etc/gone", "etc/mode", "etc/kind"})
    side.rootfs.write_file(path, path, Owner{});
  side.config["config"] = {
      {"Cmd", {"a"}}, {"Env", {"PATH=/bin", "OLD=1"}}, {"Labels", {{"l", "1"}}}};
  side.manifest["annotations"] = {{"n", "1"}};
  side.size = 1024;
  return side;
}

Side new_side() {
  Side side = old_side();
  Rootfs rootfs;
  for (const char* path : {"usr/a", "usr/b", "etc/x", "etc/mode", "etc/new"})
    rootfs.write_file(path, path, Owner{});
  rootfs.make_directories("etc/kind", Owner{});
  rootfs.write_file("usr/b", "changed", Owner{});
  rootfs.write_file("etc/x", "etc/y", Owner{});
  rootfs.find("etc/mode")->node->mode = 0600;
  rootfs.find("etc/mode")->node->uid = 7;
  side.rootfs = std::move(rootfs);
  side.packages = {package_with("a", "1.0-r0", {"a"}), package_with("b", "1.8-r0", {"b"}),
                   package_with("new", "1-r0"),        package_with("same", "1-r0"),
                   package_with("twice", "1-r0"),      package_with("up", "1.10-r0")};
  side.packages[4].package.identity.digest = sha1("another build");
  side.config["config"]["Cmd"] = Json::array({"b"});
  side.config["config"]["Env"] = Json::array({"PATH=/bin:/usr/bin"});
  side.manifest["annotations"]["n"] = "2";
  side.size = 3072;
  return side;
}

}  // namespace

TEST_CASE("difference: none between an image and itself") {
  const Side side = old_side();
  const Side other = old_side();
  CHECK(compare_images(side.compared(), other.compared()).empty());
}

TEST_CASE("difference: packages with the direction of their versions") {
  const Side before = old_side();
  const Side after = new_side();
  std::string found;
  for (const auto& package : compare_images(before.compared(), after.compared()).packages)
    found += std::string(name_of(package.change)) + " " + package.name + " " + package.before +
             ">" + package.after + "\n";
  CHECK(found ==
        "downgraded b 1.9-r0>1.8-r0\nremoved gone 1-r0>\nadded new >1-r0\n"
        "rebuilt twice 1-r0>1-r0\nupgraded up 1.9-r0>1.10-r0\n");
}

TEST_CASE("difference: files by what changed of them, config by value") {
  const Side before = old_side();
  const Side after = new_side();
  const ImageDifference difference = compare_images(before.compared(), after.compared());
  std::string found;
  for (const FileDifference& file : difference.files) {
    found += std::string(name_of(file.change)) + " " + file.path;
    for (const ValueDifference& value : file.values)
      found += " " + value.name + "=" + value.before + ">" + value.after;
    found += file.package.empty() ? "\n" : " [" + file.package + "]\n";
  }
  CHECK(found ==
        "removed etc/gone\nchanged etc/kind type=file>directory mode=0644>0755\n"
        "changed etc/mode mode=0644>0600 owner=0:0>7:0\nadded etc/new\n"
        "changed etc/x content=>\nchanged usr/b size=5>7 content=> [b]\n");
  found.clear();
  for (const ValueDifference& value : difference.config)
    found += value.name + "=" + value.before + ">" + value.after + "\n";
  CHECK(found ==
        "Cmd=[\"a\"]>[\"b\"]\nEnv.OLD=1>\nEnv.PATH=/bin>/bin:/usr/bin\nannotations.n=1>2\n");
}

TEST_CASE("difference: as text, Markdown and JSON") {
  const Side before = old_side();
  const Side after = new_side();
  const ImageDifference difference = compare_images(before.compared(), after.compared());
  const std::string text = difference_text(difference, ListedFiles::unexplained);
  for (const char* line :
       {"  upgraded    up 1.9-r0 → 1.10-r0 (0 B)\n", "  added       new 1-r0 (+1000 B)\n",
        "files: 1 added, 1 removed, 4 changed\n", "  - etc/gone (8 B)\n",
        "  ~ etc/mode: mode 0644 → 0600, owner 0:0 → 7:0\n",
        "  … 1 of packages that were added, removed or changed\n", "  Env.OLD 1 → none\n",
        "size: 1.0 KiB → 3.0 KiB (+2.0 KiB) compressed, 2.0 KiB → 6.0 KiB (+4.0 KiB) unpacked\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find("~ usr/b") == std::string::npos);
  CHECK(difference_text(difference, ListedFiles::all).find("~ usr/b: size 5 → 7, content [b]") !=
        std::string::npos);
  const std::string markdown = difference_markdown(difference, ListedFiles::unexplained);
  CHECK(markdown.find("| up | upgraded | 1.9-r0 | 1.10-r0 | 0 B |\n") != std::string::npos);
  CHECK(markdown.find("| Cmd | \\[\"a\"\\] | \\[\"b\"\\] |\n") != std::string::npos);
  const auto json = difference_json(difference);
  CHECK(json["packages"].size() == 5);
  CHECK(json["packages"][2]["before"].is_null());
  CHECK(json["files"][2]["values"][1]["after"] == "7:0");
  CHECK(json["size"]["after"] == 3072);
}

TEST_CASE("difference: names cannot forge lines or markup") {
  Side before;
  Side after;
  after.rootfs.write_file("etc/a\n  + forged|<b>", "", Owner{});
  const ImageDifference difference = compare_images(before.compared(), after.compared());
  CHECK(difference_text(difference, ListedFiles::all).find("a\\x0a  + forged") !=
        std::string::npos);
  CHECK(difference_markdown(difference, ListedFiles::all).find("forged\\|\\<b\\>") !=
        std::string::npos);
}
