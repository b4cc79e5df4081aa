#include "builder/sink/layer_tree.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "unit/layer/archive_reader.h"
#include "unit/sink/sample_layers.h"

using namespace tarn;
using namespace tarn::builder;
using test::layer_of;
using test::record;

namespace {

/// "path=content" of all that is visited, in order; a link's target behind "->".
std::vector<std::string> visited(const LayerTree& tree) {
  std::vector<std::string> lines;
  tree.visit([&](const LayerTree::Entry& entry, const LayerTree::Read& read) {
    std::string line = entry.header.path;
    if (entry.header.type == TarType::directory) line += "/";
    if (!entry.header.link.empty()) line += "->" + entry.header.link;
    std::array<std::byte, 3> buffer;
    std::string content;
    while (const std::size_t got = read(buffer)) content += as_text(ByteView(buffer).first(got));
    lines.push_back(content.empty() ? line : line + "=" + content);
  });
  return lines;
}

std::string failure(const std::vector<Layer>& layers) {
  try {
    const LayerTree tree(layers, 0, {});
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::failed);
    return error.message();
  }
  return "none";
}

}  // namespace

TEST_CASE("layer tree: shows what the layer's tar shows, in every compression") {
  for (const Codec codec : {Codec::gzip, Codec::zstd, Codec::none}) {
    test::ScratchCache scratch;
    LayerOptions options;
    options.compression = {codec, {}};
    const std::vector<Layer> layers = {
        write_layer(test::sample_rootfs(), options, scratch.cache, {})};
    const LayerTree tree(layers, 77, {});
    const auto expected = test::read_archive(layers.front().blob.bytes());
    REQUIRE(tree.entries().size() == expected.size() + 1);
    CHECK(tree.entries()[0].header.path.empty());
    CHECK(tree.entries()[0].header.mtime == 77);
    std::size_t i = 0;
    tree.visit([&](const LayerTree::Entry& entry, const LayerTree::Read& read) {
      if (i++ == 0) return;
      const test::ReadEntry& other = expected[i - 2];
      const TarHeader& header = entry.header;
      CHECK(header.path + (other.type == 'd' ? "/" : "") == other.path);
      CHECK(header.mode == other.mode);
      CHECK(header.uid == static_cast<std::uint64_t>(other.uid));
      CHECK(header.gid == static_cast<std::uint64_t>(other.gid));
      CHECK(header.user == other.user);
      CHECK(header.mtime == other.mtime);
      CHECK(header.link == other.link);
      CHECK(header.xattrs == other.xattrs);
      CHECK(header.device_major == other.major);
      CHECK(header.device_minor == other.minor);
      CHECK(entry.names == (header.path.find("tool") != std::string::npos ||
                                    header.path.find("alias") != std::string::npos
                                ? 3
                                : 1));
      std::string content(4096, '\0');
      content.resize(read(std::as_writable_bytes(std::span(content))));
      CHECK(content == other.content);
    });
  }
}

TEST_CASE("layer tree: of several layers the last one counts, and folders come first") {
  auto changed = record("a/", TarType::directory);
  changed.mode = 0700;
  const std::vector<Layer> layers = {
      layer_of({{record("a/", TarType::directory), ""},
                {record("a/one", TarType::file), "first"},
                {record("a/two", TarType::file), "kept"}}),
      layer_of({{changed, ""},
                {record("a/one", TarType::file), "second"},
                {record("b/c/three", TarType::file), "new"},
                {record("b/four", TarType::hard_link, "a/two"), ""}})};
  const LayerTree tree(layers, 5, {});
  CHECK(visited(tree) == std::vector<std::string>{"/", "a/", "b/", "b/c/", "a/two=kept",
                                                  "a/one=second", "b/c/three=new",
                                                  "b/four->a/two"});
  CHECK(tree.entries()[1].header.mode == 0700);
  CHECK(tree.entries()[2].header.mtime == 5);
  CHECK(tree.entries()[4].names == 2);
  CHECK(tree.entries()[7].names == 2);
}

TEST_CASE("layer tree: what a layer hides of those beneath is not there") {
  const Layer below = layer_of({{record("a/", TarType::directory), ""},
                                {record("a/one", TarType::file), "1"},
                                {record("a/two", TarType::file), "2"},
                                {record("a/d/three", TarType::file), "3"},
                                {record("b", TarType::file), "b"},
                                {record("b2", TarType::file), "b2"}});
  const auto above = [&](const std::vector<std::pair<TarHeader, std::string>>& records) {
    const std::vector<Layer> layers = {below, layer_of(records)};
    return visited(LayerTree(layers, 0, {}));
  };
  using Lines = std::vector<std::string>;
  CHECK(above({{record("a/.wh.one", TarType::file), ""}, {record(".wh.b", TarType::file), ""}}) ==
        Lines{"/", "a/", "a/d/", "a/two=2", "a/d/three=3", "b2=b2"});
  CHECK(above({{record(".wh.a", TarType::file), ""}}) == Lines{"/", "b=b", "b2=b2"});
  // What the layer itself brings stays, wherever the whiteout stands.
  CHECK(above({{record("a/new", TarType::file), "n"},
               {record("a/.wh..wh..opq", TarType::file), ""},
               {record("a/one", TarType::file), "other"}}) ==
        Lines{"/", "a/", "b=b", "b2=b2", "a/new=n", "a/one=other"});
  CHECK(above({{record(".wh.missing", TarType::file), ""}}).size() == 8);
  // A folder gives way to a file, and a file to a folder.
  CHECK(above({{record("a", TarType::file), "file"}}) == Lines{"/", "b=b", "b2=b2", "a=file"});
  CHECK(above({{record("b/", TarType::directory), ""}, {record("b/x", TarType::file), "x"}}) ==
        Lines{"/", "a/", "a/d/", "b/", "a/one=1", "a/two=2", "a/d/three=3", "b2=b2", "b/x=x"});
}

TEST_CASE("layer tree: a file outlives the name it came by") {
  const Layer below = layer_of({{record("file", TarType::file), "content"},
                                {record("link", TarType::hard_link, "file"), ""},
                                {record("second", TarType::hard_link, "link"), ""}});
  const auto above = [&](const std::vector<std::pair<TarHeader, std::string>>& records) {
    const std::vector<Layer> layers = {below, layer_of(records)};
    return visited(LayerTree(layers, 0, {}));
  };
  using Lines = std::vector<std::string>;
  CHECK(above({}) == Lines{"/", "file=content", "link->file", "second->file"});
  CHECK(above({{record(".wh.file", TarType::file), ""}}) ==
        Lines{"/", "link=content", "second->link"});
  CHECK(above({{record("file", TarType::file), "another"}}) ==
        Lines{"/", "link=content", "second->link", "file=another"});
  CHECK(above({{record(".wh.file", TarType::file), ""}, {record(".wh.link", TarType::file), ""}}) ==
        Lines{"/", "second=content"});
}

TEST_CASE("layer tree: contents that are not read are passed over") {
  const std::vector<Layer> layers = {layer_of(
      {{record("a", TarType::file), std::string(5000, 'a')}, {record("b", TarType::file), "b"}})};
  const LayerTree tree(layers, 0, {});
  std::string last;
  tree.visit([&](const LayerTree::Entry& entry, const LayerTree::Read& read) {
    if (entry.header.path != "b") return;
    last.resize(10);
    last.resize(read(std::as_writable_bytes(std::span(last))));
  });
  CHECK(last == "b");
}

TEST_CASE("layer tree: names and numbers that need extended headers") {
  auto long_one =
      record(std::string(150, 'd') + "/" + std::string(150, 'f') + "\xc3\xa9", TarType::file);
  long_one.uid = 3'000'000;
  long_one.mtime = -5;
  long_one.xattrs["user.x"] = std::string("a\0b", 3);
  const std::vector<Layer> layers = {layer_of({{long_one, "x"}})};
  const LayerTree tree(layers, 0, {});
  const TarHeader& header = tree.entries().back().header;
  CHECK(header.path == long_one.path);
  CHECK(header.uid == 3'000'000);
  CHECK(header.mtime == -5);
  CHECK(header.xattrs == long_one.xattrs);
}

TEST_CASE("layer tree: what entries take adds up to the layers") {
  for (const Codec codec : {Codec::gzip, Codec::zstd, Codec::none}) {
    test::ScratchCache scratch;
    LayerOptions options;
    options.compression = {codec, {}};
    const std::vector<Layer> layers = {
        write_layer(test::sample_rootfs(), options, scratch.cache, {}),
        layer_of({{record(".wh.srv", TarType::file), ""},
                  {record("etc/new", TarType::file), std::string(600, 'n')}})};
    std::size_t watched = 0;
    const LayerTree tree(layers, 0, {}, [&](const TarHeader& header, const LayerTree::Read& read) {
      ++watched;
      std::array<std::byte, 1> first;
      if (header.path == "etc/new") {
        CHECK(read(first) == 1);
        CHECK(first[0] == std::byte{'n'});
      }
    });
    std::uint64_t octets = tree.hidden().compressed + tree.ends();
    for (const LayerTree::Entry& entry : tree.entries()) {
      octets += entry.compressed;
      if (entry.header.path == "etc/new") CHECK(entry.compressed == 512 + 1024);
    }
    CHECK(octets == layers[0].size + layers[1].size);
    CHECK(tree.ends() >= 1024);  // of the one that is not compressed
    CHECK(tree.hidden().compressed >= 512);
    CHECK(watched > tree.hidden().records);
  }
}

TEST_CASE("layer tree: hostile layers are refused") {
  const auto below_link = layer_of(
      {{record("bin", TarType::symlink, "/etc"), ""}, {record("bin/passwd", TarType::file), "x"}});
  CHECK(failure({below_link}).find("lies below 'bin', which is no directory") != std::string::npos);
  CHECK(failure({layer_of({{record("a/../../b", TarType::file), "x"}})}).find("leaves the root") !=
        std::string::npos);
  CHECK(failure({layer_of({{record("l", TarType::hard_link, "nothing"), ""}})})
            .find("hard link to 'nothing'") != std::string::npos);
  for (const char* path : {"d/.wh.", ".wh..", ".wh..."})
    CHECK(failure({layer_of({{record(path, TarType::file), ""}})}).find("hides nothing") !=
          std::string::npos);
  CHECK(failure({layer_of({{record("/./", TarType::file), ""}})}).find("the root") !=
        std::string::npos);
}

TEST_CASE("layer tree: damaged layers are refused") {
  const Layer sound = layer_of({{record("a", TarType::file), std::string(2000, 'a')}});
  const TemporaryDirectory folder(std::filesystem::temp_directory_path() / "tarn-sink-");
  const auto damaged = [&](std::string bytes, std::uint64_t tar_size) {
    write_file(folder.path() / "layer", bytes);
    Layer layer = sound;
    layer.blob = MappedFile::open(folder.path() / "layer");
    layer.tar_size = tar_size;
    return failure({layer});
  };
  const std::string bytes(as_text(sound.blob.bytes()));
  CHECK(damaged(bytes, bytes.size()) == "none");
  CHECK(damaged(bytes, bytes.size() - 1) != "none");
  CHECK(damaged(bytes, bytes.size() + 1) != "none");
  CHECK(damaged(bytes.substr(0, 1000), 1000).find("cut short") != std::string::npos);
  std::string flipped = bytes;
  flipped[100] ^= 1;
  CHECK(damaged(flipped, flipped.size()).find("damaged") != std::string::npos);
  CHECK(damaged("\x1f\x8b\x08 not gzip", 10).find("damaged") != std::string::npos);
  CHECK(damaged("\x28\xb5\x2f\xfd not zstd", 10) != "none");
}
