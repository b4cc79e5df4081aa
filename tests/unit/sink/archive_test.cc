#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "builder/image/json.h"
#include "builder/sink/sink.h"
#include "unit/layer/archive_reader.h"
#include "unit/sink/sample_images.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

struct Written {
  std::string bytes;
  std::vector<test::ReadEntry> entries;

  const std::string& content(const std::string& path) const {
    for (const auto& entry : entries)
      if (entry.path == path) return entry.content;
    FAIL("no such entry: " << path);
    return bytes;
  }
  Json json(const std::string& path) const { return Json::parse(content(path)); }
  /// The blob a descriptor speaks of, checked against it.
  const std::string& blob(const Json& descriptor) const {
    const std::string digest = descriptor["digest"].get<std::string>();
    const std::string& found = content("blobs/sha256/" + digest.substr(7));
    CHECK(found.size() == descriptor["size"].get<std::size_t>());
    CHECK(digest_text(sha256(found)) == digest);
    return found;
  }
};

Written write(const Images& images) {
  const TemporaryDirectory folder(std::filesystem::temp_directory_path() / "tarn-sink-");
  const auto path = folder.path() / "image.tar";
  write_archive(images, path);
  Written written;
  written.bytes = read_file(path);
  written.entries = test::read_archive(as_bytes(written.bytes));
  return written;
}

}  // namespace

TEST_CASE("archive: one image, as an OCI layout and as a docker-archive") {
  const Images images = test::sample_images({"x86_64"}, "base");
  const Written written = write(images);
  std::vector<std::string> paths;
  for (const auto& entry : written.entries) {
    paths.push_back(entry.path);
    CHECK(entry.mtime == 0);
    CHECK(entry.uid == 0);
    CHECK(entry.gid == 0);
    CHECK(entry.mode == (entry.type == 'd' ? 0755 : 0644));
  }
  const Image& image = images.images.front();
  CHECK(paths == std::vector<std::string>{"oci-layout", "index.json", "manifest.json", "blobs/",
                                          "blobs/sha256/",
                                          "blobs/sha256/" + to_hex(image.manifest.digest),
                                          "blobs/sha256/" + to_hex(image.config.digest),
                                          "blobs/sha256/" + to_hex(image.layers.front().digest)});
  CHECK(written.content("oci-layout") == R"({"imageLayoutVersion":"1.0.0"})");

  const Json index = written.json("index.json");
  REQUIRE(index["manifests"].size() == 1);
  const Json& entry = index["manifests"][0];
  CHECK(entry["mediaType"] == "application/vnd.oci.image.manifest.v1+json");
  CHECK(entry["platform"]["architecture"] == "amd64");
  CHECK(entry["annotations"]["org.opencontainers.image.ref.name"] == "latest");
  CHECK(entry["annotations"]["io.containerd.image.name"] == "docker.io/library/base:latest");
  const Json manifest = Json::parse(written.blob(entry));
  written.blob(manifest["config"]);
  written.blob(manifest["layers"][0]);

  const Json docker = written.json("manifest.json");
  REQUIRE(docker.size() == 1);
  CHECK(docker[0]["RepoTags"] == Json({"base:latest"}));
  CHECK(written.content(docker[0]["Config"].get<std::string>()) == image.config.text);
  CHECK(docker[0]["Layers"] == Json({"blobs/sha256/" + to_hex(image.layers.front().digest)}));
}

TEST_CASE("archive: several images share an index and their blobs") {
  const Written written = write(test::sample_images({"x86_64", "armv7", "armhf"}, "team/base:1.2"));
  const Json index = written.json("index.json");
  REQUIRE(index["manifests"].size() == 1);
  CHECK(index["manifests"][0]["mediaType"] == "application/vnd.oci.image.index.v1+json");
  CHECK(index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] == "1.2");
  const Json images = Json::parse(written.blob(index["manifests"][0]));
  REQUIRE(images["manifests"].size() == 3);
  for (const Json& image : images["manifests"]) {
    const Json manifest = Json::parse(written.blob(image));
    const Json config = Json::parse(written.blob(manifest["config"]));
    CHECK(config["architecture"] == image["platform"]["architecture"]);
    written.blob(manifest["layers"][0]);
  }
  // index, three manifests, three configs, one layer; and five beside them.
  CHECK(written.entries.size() == 8 + 5);
  std::vector<std::string> tags;
  for (const Json& entry : written.json("manifest.json"))
    tags.push_back(entry["RepoTags"][0].get<std::string>());
  CHECK(tags == std::vector<std::string>{"team/base:1.2-amd64", "team/base:1.2-arm-v6",
                                         "team/base:1.2-arm-v7"});
}

TEST_CASE("archive: without a tag nothing is named") {
  const Written written = write(test::sample_images({"x86_64"}, ""));
  CHECK_FALSE(written.json("index.json")["manifests"][0].contains("annotations"));
  CHECK(written.json("manifest.json")[0]["RepoTags"].empty());
}

TEST_CASE("archive: the same images give the same bytes, in whatever order they come") {
  Images images = test::sample_images({"x86_64", "armv7", "aarch64"}, "base:1");
  const std::string first = write(images).bytes;
  std::swap(images.images[0], images.images[2]);
  CHECK(write(images).bytes == first);
}

TEST_CASE("archive: appears whole or not at all") {
  const TemporaryDirectory folder(std::filesystem::temp_directory_path() / "tarn-sink-");
  const auto path = folder.path() / "image.tar";
  const Images images = test::sample_images({"x86_64"}, "base");
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(write_archive(images, path, stop.get_token()), Error);
  Images wrong = images;
  wrong.tag = "No Reference";
  CHECK_THROWS_AS(write_archive(wrong, path), Error);
  CHECK_THROWS_AS(write_archive(Images{}, path), Error);
  CHECK(std::filesystem::is_empty(folder.path()));

  // A bigger file that is there leaves no trace.
  write_file(path, std::string(1U << 20U, 'x'));
  write_archive(images, path);
  CHECK(read_file(path) == write(images).bytes);
}
