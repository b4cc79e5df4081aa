#include "builder/layer/layer_parts.h"

#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include <fmt/core.h>

#include "builder/layer/layer.h"
#include "unit/layer/archive_reader.h"
#include "unit/layer/sample_rootfs.h"
#include "unit/layer/scratch_cache.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

apk::InstalledPackage package(const std::string& name, const std::string& origin,
                              std::uint64_t size, std::int64_t build_time) {
  apk::InstalledPackage installed;
  installed.package.name = name;
  installed.package.version = "1-r0";
  installed.package.origin = origin;
  installed.package.installed_size = size;
  installed.package.build_time = build_time;
  return installed;
}

/// The sample tree with the database behind a link, a file of two packages with one content, and
/// links from one package's files to another's.
Rootfs sample() {
  Rootfs rootfs = test::sample_rootfs();
  const Owner third{2};
  rootfs.make_directories("usr/lib/apk/db", Owner{});
  rootfs.put("lib", {test::make_symlink("usr/lib"), third});
  rootfs.write_file("lib/apk/db/installed", "the whole database\n", Owner{});
  rootfs.make_directories("usr/lib/empty", third);
  rootfs.put("usr/lib/a", {test::make_file("shared by two packages", 5), Owner{1}});
  rootfs.put("usr/lib/b", {rootfs.find("usr/lib/a")->node, third});
  rootfs.put("usr/lib/own", {test::make_file("one of the third", 2000), third});
  rootfs.put("usr/lib/own-link", {rootfs.find("usr/lib/own")->node, third});
  return rootfs;
}

const std::vector<apk::InstalledPackage>& packages() {
  static const std::vector<apk::InstalledPackage> all{package("first", "first", 10, 300),
                                                      package("second", "second", 30, 200),
                                                      package("third", "third", 20, 5000)};
  return all;
}

std::vector<Layer> write(std::size_t budget, LayerOptions options = {}) {
  test::ScratchCache scratch;
  if (options.epoch == 0) options.epoch = 1000;
  return write_layers(sample(), packages(), budget, options, scratch.cache, {});
}

Layer write_single(LayerOptions options = {}) {
  test::ScratchCache scratch;
  if (options.epoch == 0) options.epoch = 1000;
  return write_layer(sample(), options, scratch.cache, {});
}

std::string text_of(const test::ReadEntry& entry) {
  std::string text =
      fmt::format("{} {:o} {}:{} {}:{} {} {},{} {} {}", entry.type, entry.mode, entry.uid,
                  entry.gid, entry.user, entry.group, entry.mtime, entry.major, entry.minor,
                  entry.type == 'l' ? entry.link : "", entry.content);
  for (const auto& [name, value] : entry.xattrs) text += fmt::format(" {}={}", name, value);
  return text;
}

/// What the layers unpack to, one over the other: path → all that can be seen of it. A name of a
/// file that has several shows the file and who shares it.
std::map<std::string, std::string> unpack(const std::vector<Layer>& layers) {
  std::map<std::string, std::string> seen;
  std::map<std::string, int> files;
  int next = 0;
  for (const Layer& layer : layers) {
    std::set<std::string> here;
    for (const test::ReadEntry& entry : test::read_archive(layer.blob.bytes())) {
      const std::string path =
          entry.path.ends_with('/') ? entry.path.substr(0, entry.path.size() - 1) : entry.path;
      CAPTURE(path);
      CHECK(here.insert(path).second);
      const auto slash = path.rfind('/');
      if (slash != std::string::npos) CHECK(here.contains(path.substr(0, slash)));
      if (entry.type == 'h') {
        // Its file must be in the same layer.
        REQUIRE(here.contains(entry.link));
        files[path] = files.at(entry.link);
        seen[path] = seen.at(entry.link);
      } else {
        files[path] = ++next;
        seen[path] = text_of(entry);
      }
    }
  }
  std::map<int, std::string> sharing;
  for (const auto& [path, file] : files) sharing[file] += " " + path;
  for (auto& [path, text] : seen) text += " names:" + sharing[files.at(path)];
  return seen;
}

std::set<std::string> paths(const Layer& layer) {
  std::set<std::string> all;
  for (const test::ReadEntry& entry : test::read_archive(layer.blob.bytes()))
    all.insert(entry.path);
  return all;
}

std::string content(const Layer& layer, const std::string& path) {
  for (const test::ReadEntry& entry : test::read_archive(layer.blob.bytes()))
    if (entry.path == path) return entry.content;
  return "(none)";
}

}  // namespace

TEST_CASE("layer parts: layers together are the single layer's tree, for any budget") {
  const auto single = unpack({write_single()});
  CHECK(single.size() == 25);
  for (std::size_t budget = 0; budget < 6; ++budget) {
    CAPTURE(budget);
    const auto layers = write(budget);
    CHECK(layers.size() == std::min<std::size_t>(std::max<std::size_t>(budget, 1), 3) + 1);
    CHECK(unpack(layers) == single);
  }
}

TEST_CASE("layer parts: times are the single layer's when they are clamped, too") {
  for (const std::int64_t epoch : {100, 250, 1000, 9000}) {
    CAPTURE(epoch);
    LayerOptions options;
    options.epoch = epoch;
    options.clamp_times = true;
    CHECK(unpack(write(3, options)) == unpack({write_single(options)}));
  }
}

TEST_CASE("layer parts: each package's files lie in its group's layer, and the rest on top") {
  const auto layers = write(3);
  REQUIRE(layers.size() == 4);
  // Ordered by size: second, third, first.
  CHECK(paths(layers[0]) == std::set<std::string>{"dev/", "dev/pipe", "usr/", "usr/lib/",
                                                  "usr/lib/apk/", "usr/lib/apk/db/",
                                                  "usr/lib/apk/db/installed"});
  // A file of two packages lies in the upper layer; lib is a link of the third package.
  CHECK(paths(layers[1]) == std::set<std::string>{"lib", "usr/", "usr/lib/", "usr/lib/a",
                                                  "usr/lib/b", "usr/lib/own", "usr/lib/own-link",
                                                  "usr/lib/apk/", "usr/lib/apk/db/",
                                                  "usr/lib/apk/db/installed"});
  CHECK(paths(layers[2]) == std::set<std::string>{"etc/", "etc/empty", "etc/group", "etc/passwd",
                                                  "usr/", "usr/bin-link", "usr/lib/",
                                                  "usr/lib/apk/", "usr/lib/apk/db/",
                                                  "usr/lib/apk/db/installed"});
  const auto top = paths(layers[3]);
  // A link that the build made of a package's file brings that file up; other files and links of
  // packages are not there.
  for (const char* path :
       {"etc/tool-link", "usr/bin/tool", "usr/bin/alias", "usr/lib/empty/", "dev/null"})
    CHECK_MESSAGE(top.contains(path), path);
  for (const char* path :
       {"etc/passwd", "usr/lib/a", "usr/lib/own", "dev/pipe", "lib", "usr/bin-link"})
    CHECK_MESSAGE(!top.contains(path), path);
}

TEST_CASE("layer parts: each layer lists its own packages, the top all") {
  const auto layers = write(2);
  REQUIRE(layers.size() == 3);
  constexpr const char* path = "usr/lib/apk/db/installed";
  const auto of = [](std::vector<apk::InstalledPackage> some) { return apk::installed_text(some); };
  CHECK(content(layers[0], path) == of({packages()[1]}));
  CHECK(content(layers[1], path) == of({packages()[0], packages()[2]}));
  CHECK(content(layers[2], path) == "the whole database\n");
}

TEST_CASE("layer parts: a layer does not change with what lies in others") {
  const auto before = write(3);
  // Another time of the image, another file that no package brought.
  Rootfs rootfs = sample();
  rootfs.write_file("etc/motd", "hello\n", Owner{});
  auto newer = packages();
  newer[2].package.build_time = 7000;
  LayerOptions options;
  options.epoch = 9000;
  test::ScratchCache scratch;
  const auto after = write_layers(rootfs, newer, 3, options, scratch.cache, {});
  CHECK(after[0].digest == before[0].digest);
  CHECK(after[1].digest != before[1].digest);
  CHECK(after[2].digest == before[2].digest);
  CHECK(after[3].digest != before[3].digest);
}

TEST_CASE("layer parts: the bytes do not depend on the number of threads") {
  LayerOptions many;
  many.threads = 7;
  const auto one = write(3);
  const auto seven = write(3, many);
  REQUIRE(one.size() == seven.size());
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(one[i].digest == seven[i].digest);
}

TEST_CASE("layer parts: without a database no layer has one") {
  Rootfs rootfs = sample();
  rootfs.remove("usr/lib/apk");
  test::ScratchCache scratch;
  for (const Layer& layer : write_layers(rootfs, packages(), 3, {}, scratch.cache, {}))
    CHECK(!paths(layer).contains("usr/lib/apk/db/installed"));
}
