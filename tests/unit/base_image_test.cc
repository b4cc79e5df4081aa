#include "builder/base_image.h"

#include <set>

#include <doctest/doctest.h>

#include "builder/read_image.h"
#include "builder/sink/sink.h"
#include "unit/sink/sample_images.h"
#include "unit/sink/sample_layers.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

TemporaryDirectory scratch() {
  return TemporaryDirectory(std::filesystem::temp_directory_path() / "tarn-base-");
}

std::set<std::string> paths(const Rootfs& rootfs) {
  std::set<std::string> all;
  rootfs.walk([&](const std::string& path, const Entry&) { all.insert(path); });
  return all;
}

using Paths = std::set<std::string>;

ErrorKind kind_of_failure(const std::filesystem::path& layout, const std::string& architecture) {
  const auto folder = scratch();
  try {
    const auto source = open_layout(layout);
    read_image(*source, *apk::Architecture::parse(architecture), folder.path(), {});
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("not refused");
  return ErrorKind::failed;
}

}  // namespace

TEST_CASE("base image: what did not change is not brought again") {
  const Rootfs before = test::sample_rootfs();
  CHECK(paths(changed_part(before, copy_rootfs(before))).empty());
}

TEST_CASE("base image: what is new, changed or gone is brought with its folders") {
  const Rootfs before = test::sample_rootfs();
  struct Case {
    const char* what;
    void (*change)(Rootfs& rootfs);
    Paths expected;
  };
  const Case cases[] = {
      {"new file", [](Rootfs& r) { r.write_file("etc/new", "x", Owner{}); }, {"etc", "etc/new"}},
      {"same text again", [](Rootfs& r) { r.find("etc/empty")->owner = Owner{7}; }, {}},
      {"other text",
       [](Rootfs& r) { r.write_file("etc/hosts", "x", Owner{}); },
       {"etc", "etc/hosts"}},
      {"other mode of a folder", [](Rootfs& r) { r.find("usr")->node->mode = 0700; }, {"usr"}},
      {"other owner", [](Rootfs& r) { r.find("dev/null")->node->uid = 9; }, {"dev", "dev/null"}},
      {"other target",
       [](Rootfs& r) { r.find("usr/bin-link")->node->target = "x"; },
       {"usr", "usr/bin-link"}},
      {"gone file", [](Rootfs& r) { r.remove("etc/hosts"); }, {"etc", "etc/.wh.hosts"}},
      {"gone folder", [](Rootfs& r) { r.remove("usr"); }, {".wh.usr"}},
      {"one of three names",
       [](Rootfs& r) { r.find("usr/bin/tool")->node->mode = 0700; },
       {"etc", "etc/tool-link", "usr", "usr/bin", "usr/bin/alias", "usr/bin/tool"}},
      {"one more name",
       [](Rootfs& r) {
         r.put("etc/more", {r.find("etc/hosts")->node, Owner{}});
       },
       {"etc", "etc/hosts", "etc/more"}},
      {"folder for a file",
       [](Rootfs& r) {
         r.remove("etc/hosts");
         r.make_directories("etc/hosts/x", Owner{});
       },
       {"etc", "etc/hosts", "etc/hosts/x"}},
      {"file for a folder",
       [](Rootfs& r) {
         r.remove("usr");
         r.write_file("usr", "x", Owner{});
       },
       {"usr"}},
  };
  for (const Case& item : cases) {
    CAPTURE(item.what);
    Rootfs after = copy_rootfs(before);
    item.change(after);
    CHECK(paths(changed_part(before, after)) == item.expected);
  }
}

TEST_CASE("base image: a layout is read by architecture, with what its layers unpack to") {
  const auto folder = scratch();
  const Images images = test::sample_images({"x86_64", "aarch64"}, "base:latest");
  write_layout(images, folder.path() / "layout");
  const auto source = open_layout(folder.path() / "layout");
  for (const Image& expected : images.images) {
    const Image image = read_image(*source, expected.architecture, folder.path(), {});
    CHECK(image.config.digest == expected.config.digest);
    CHECK(image.manifest.digest == expected.manifest.digest);
    REQUIRE(image.layers.size() == 1);
    CHECK(image.layers[0].diff_id == expected.layers[0].diff_id);
    CHECK(image.layers[0].tar_size == expected.layers[0].tar_size);
    const BaseImage base = read_base_image(*source, expected.architecture, folder.path(), {});
    Rootfs rootfs = test::sample_rootfs();
    rootfs.write_file("content", "x", Owner{});
    CHECK(paths(base.rootfs) == paths(rootfs));
    CHECK(base.rootfs.read_file("etc/passwd") == rootfs.read_file("etc/passwd"));
    CHECK(base.rootfs.find("usr/bin/alias")->node == base.rootfs.find("etc/tool-link")->node);
    CHECK(base.installed.empty());
  }
  CHECK(kind_of_failure(folder.path() / "layout", "armv7") == ErrorKind::failed);
  CHECK(kind_of_failure(folder.path(), "x86_64") == ErrorKind::failed);
}

TEST_CASE("base image: what is damaged is refused") {
  const Images images = test::sample_images({"x86_64"}, "base:latest");
  const Image& image = images.images[0];
  const Sha256Digest digests[] = {image.manifest.digest, image.config.digest,
                                  image.layers[0].digest};
  for (const Sha256Digest& digest : digests) {
    const auto folder = scratch();
    const auto layout = folder.path() / "layout";
    write_layout(images, layout);
    const auto path = layout / "blobs" / "sha256" / to_hex(digest);
    std::string text = read_file(path);
    text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 1);
    write_file(path, text);
    CHECK(kind_of_failure(layout, "x86_64") == ErrorKind::trust);
    std::filesystem::remove(path);
    CHECK(kind_of_failure(layout, "x86_64") == ErrorKind::failed);
  }
}

TEST_CASE("base image: a layer whose tar is another than the config names is refused") {
  Layer layer = test::layer_of({{test::record("a", TarType::file), "x"}});
  layer.diff_id = sha256("another");
  ImageFacts facts;
  facts.architecture = *apk::Architecture::parse("x86_64");
  Images images;
  images.images.push_back(make_image(Recipe{}, facts, {layer}));
  images.index = make_image_index(images.images, {});
  const auto folder = scratch();
  write_layout(images, folder.path() / "layout");
  CHECK(kind_of_failure(folder.path() / "layout", "x86_64") == ErrorKind::trust);
}
