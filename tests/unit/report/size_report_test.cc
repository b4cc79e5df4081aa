#include "builder/report/size_report.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "apk/database/installed.h"
#include "apk/support/error.h"
#include "builder/layer/layer.h"
#include "builder/report/size_json.h"
#include "builder/rootfs/prune.h"
#include "builder/rootfs/rootfs.h"
#include "unit/layer/scratch_cache.h"
#include "unit/sink/sample_layers.h"

namespace tarn::builder {
namespace {

apk::InstalledPackage make_package(const std::string& name, const std::vector<std::string>& needs,
                                   const std::vector<std::string>& paths) {
  apk::InstalledPackage installed;
  installed.package.name = name;
  installed.package.version = "1-r0";
  installed.package.arch = "x86_64";
  installed.package.origin = name == "lib" ? "tool" : name;
  for (const std::string& need : needs)
    installed.package.depends.push_back(*apk::Dependency::parse(need));
  for (const std::string& path : paths) {
    apk::InstalledDirectory directory;
    directory.path = path.substr(0, path.rfind('/'));
    directory.files.push_back(
        {.name = path.substr(path.rfind('/') + 1), .access = {}, .checksum = {}});
    installed.directories.push_back(directory);
  }
  return installed;
}

std::string noise(std::size_t size, std::uint32_t seed) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    seed = seed * 1664525 + 1013904223;
    text += static_cast<char>(seed >> 24U);
  }
  return text;
}

/// tool needs lib, other needs nothing; world wants tool and other. /lib leads to /usr/lib, two
/// names share a file of other's, and nobody owns /srv/own.
Rootfs sample_image() {
  Rootfs rootfs;
  const auto put = [&](const std::string& path, const std::string& content) -> Entry& {
    rootfs.make_directories(path.substr(0, path.rfind('/')), {});
    return rootfs.write_file(path, content, {});
  };
  put("usr/bin/tool", noise(1000, 1));
  put("usr/lib/lib.so.1",
      "\x7f"
      "ELF" +
          noise(4996, 2));
  const Entry manual = put("usr/share/man/other.1", noise(3000, 3));
  rootfs.put("usr/share/man/alias.1", manual);
  put("srv/own", noise(70, 4));
  auto link = std::make_shared<Node>();
  link->type = NodeType::symlink;
  link->target = "usr/lib";
  rootfs.put("lib", {link, {}});
  const std::vector<apk::InstalledPackage> packages = {
      make_package("tool", {"lib"}, {"usr/bin/tool"}), make_package("lib", {}, {"lib/lib.so.1"}),
      make_package("other", {}, {"usr/share/man/other.1", "usr/share/man/alias.1"})};
  put("usr/lib/apk/db/installed", apk::installed_text(packages));
  put("etc/apk/world", "other\ntool\n");
  return rootfs;
}

Layer sample_layer(Codec codec) {
  LayerOptions options;
  options.compression.codec = codec;
  test::ScratchCache scratch;
  return write_layer(sample_image(), options, scratch.cache, {});  // its blob outlives the folder
}

SizeReport measure(const std::vector<Layer>& layers) {
  return measure_image(layers, {});
}

const PackageSize& package(const SizeReport& report, std::string_view name) {
  return *std::ranges::find(report.packages, name, &PackageSize::name);
}

const Saving& saving(const SizeReport& report, std::string_view what) {
  const auto found = std::ranges::find(report.savings, what, &saving_text);
  REQUIRE(found != report.savings.end());
  return *found;
}

void check_equal(const SizeShare& left, const SizeShare& right) {
  CHECK(left.installed == right.installed);
  CHECK(left.compressed == right.compressed);
  CHECK(left.files == right.files);
}

/// Every way of counting gives the whole.
void check_sums(const SizeReport& report) {
  SizeShare packages = report.unowned;
  SizeShare origins;
  SizeShare types;
  SizeShare files;
  for (const auto& one : report.packages) packages.add(one.share);
  for (const auto& one : report.origins) origins.add(one.share);
  for (const auto& one : report.types) types.add(one.share);
  for (const auto& one : report.files) files.add(one.share);
  for (const SizeShare& sum : {packages, origins, types, files, report.tree.share}) {
    SizeShare whole = sum;
    whole.add(report.hidden);
    check_equal(whole, report.whole);
  }
}

}  // namespace

TEST_CASE("size: by package, origin, type and directory, and what goes with whom") {
  for (const Codec codec : {Codec::gzip, Codec::zstd, Codec::none}) {
    const Layer layer = sample_layer(codec);
    const SizeReport report = measure({layer});
    check_sums(report);
    CHECK(report.whole.compressed == layer.size);
    CHECK(report.packages.front().name == "lib");
    CHECK(package(report, "lib").share.installed == 5000);
    // zstd has all this in one block.
    CHECK(package(report, "lib").share.compressed >= (codec == Codec::zstd ? 3000 : 4900));
    CHECK_FALSE(package(report, "lib").is_wanted);
    CHECK(package(report, "tool").is_wanted);
    CHECK(package(report, "tool").alone_packages == 2);
    CHECK(package(report, "tool").alone.installed == 6000);
    CHECK(package(report, "other").alone.installed == 3000);
    CHECK(package(report, "other").alone.files == 2);
    CHECK(report.origins.front().name == "tool");
    CHECK(report.origins.front().share.installed == 6000);
    CHECK(report.types.front().name == "shared libraries");
    CHECK(report.tree.children.front().name == "usr");
    CHECK(report.hidden.compressed == 0);
    CHECK(saving(report, "prune: [man]").share.installed == 3000);
    CHECK(saving(report, "without tool").share.installed == 6000);
    CHECK(saving(report, "without tool").packages == 2);
    CHECK(saving(report, "apk-database: drop").share.files == 2);
  }
}

TEST_CASE("size: random contents take what they hold, whatever compresses them") {
  // As many blocks of zstd as there are files, and cuts between them that are no files'.
  Rootfs rootfs;
  for (int i = 0; i < 8; ++i)
    rootfs.write_file("f" + std::to_string(i), noise(100'000, static_cast<std::uint32_t>(i)), {});
  for (const Codec codec : {Codec::gzip, Codec::zstd, Codec::none}) {
    LayerOptions options;
    options.compression.codec = codec;
    test::ScratchCache scratch;
    const Layer layer = write_layer(rootfs, options, scratch.cache, {});
    const SizeReport report = measure({layer});
    check_sums(report);
    for (const FileSize& file : report.files)
      if (!file.path.empty()) {
        CHECK(file.share.compressed > 99'000);
        CHECK(file.share.compressed < 103'000);
      }
  }
}

TEST_CASE("size: savings are what an image without them lacks") {
  Rootfs rootfs = sample_image();
  rootfs.make_directories("usr/include", {});
  rootfs.write_file("usr/include/a.h", noise(2000, 5), {});
  rootfs.put("usr/include/b.h", *rootfs.find("usr/bin/tool"));
  const auto measure_rootfs = [](const Rootfs& image) {
    LayerOptions options;
    options.compression.codec = Codec::none;
    test::ScratchCache scratch;
    return measure({write_layer(image, options, scratch.cache, {})});
  };
  const SizeReport before = measure_rootfs(rootfs);
  for (const std::string pattern : {"man", "/usr/include"}) {
    CAPTURE(pattern);
    Rootfs pruned = sample_image();
    pruned.make_directories("usr/include", {});
    pruned.write_file("usr/include/a.h", noise(2000, 5), {});
    pruned.put("usr/include/b.h", *pruned.find("usr/bin/tool"));
    prune(pruned, {{pattern, {}}});
    const SizeReport after = measure_rootfs(pruned);
    const SizeShare& share = saving(before, "prune: [" + pattern + "]").share;
    CHECK(share.installed == before.whole.installed - after.whole.installed);
    CHECK(share.compressed == before.whole.compressed - after.whole.compressed);
    CHECK(share.files == before.whole.files - after.whole.files);
  }
}

TEST_CASE("size: what later layers hide is counted by itself") {
  using test::layer_of;
  using test::record;
  const Layer lower = layer_of({{record("a", TarType::file), std::string(2000, 'a')},
                                {record("alias", TarType::hard_link, "a"), ""},
                                {record("b", TarType::file), std::string(600, 'b')},
                                {record("d/c", TarType::file), std::string(100, 'c')}});
  const Layer upper = layer_of({{record(".wh.a", TarType::file), ""},
                                {record("b", TarType::file), std::string(10, 'b')},
                                {record(".wh.d", TarType::file), ""}});
  const SizeReport report = measure({lower, upper});
  check_sums(report);
  CHECK(report.whole.compressed == lower.size + upper.size);
  // The file has one of its names left.
  CHECK(report.tree.share.installed == 2010);
  CHECK(report.hidden.installed == 700);
  CHECK(report.hidden.files == 3);
  // Two records with content in whole blocks, the link that shows the file, and two whiteouts.
  CHECK(report.hidden.compressed == 512 + 1024 + 512 + 512 + 2 * 512);
}

TEST_CASE("size: an image without a database, a damaged one, and none at all") {
  Rootfs rootfs;
  rootfs.write_file("file", "text", {});
  test::ScratchCache scratch;
  const SizeReport report = measure({write_layer(rootfs, {}, scratch.cache, {})});
  check_sums(report);
  CHECK(report.packages.empty());
  CHECK(report.whole.installed == 4);
  CHECK(report.origins.front().name.empty());
  CHECK(measure({}).whole.files == 0);
  rootfs.make_directories("lib/apk/db", {});
  rootfs.write_file("lib/apk/db/installed", "no database\n", {});
  CHECK_THROWS_AS(measure({write_layer(rootfs, {}, scratch.cache, {})}), Error);
}

TEST_CASE("size: JSON, and the page's data") {
  const SizeReport report = measure({sample_layer(Codec::gzip)});
  const auto json = size_json(report);
  CHECK(json["packages"].size() == 3);
  CHECK(json["packages"][2]["alone"]["packages"] == 2);
  CHECK(json["tree"]["children"][0]["name"] == "usr");
  for (const std::size_t most : {std::size_t{3}, std::size_t{1000}}) {
    const std::string page = size_html(report, {"</script><b>", "linux/amd64"}, most);
    CHECK(page.find("</script><b>") == page.npos);
    CHECK(page.find("/*DATA*/null") == page.npos);
    CHECK(page.find("http:") == page.npos);
    CHECK(page.find("https:") == page.npos);
    const std::string begin = "<script type=\"application/json\" id=\"data\">";
    const std::size_t from = page.find(begin) + begin.size();
    const auto data = nlohmann::json::parse(page.substr(from, page.find("</script>", from) - from));
    CHECK(data["image"] == "</script><b>");
    const auto& files = data["files"];
    CHECK(files["in"].size() == files["names"].size());
    CHECK((files["in"].size() < report.files.size()) == (most == 3));
    std::uint64_t compressed = 0;
    for (const auto& octets : files["compressed"]) compressed += octets.get<std::uint64_t>();
    CHECK(compressed == report.whole.compressed);
  }
}

}  // namespace tarn::builder
