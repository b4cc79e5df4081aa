#include "builder/report/blob_check.h"

#include <filesystem>

#include <doctest/doctest.h>

#include "apk/support/file.h"
#include "builder/image/json.h"
#include "unit/sink/sample_images.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

namespace fs = std::filesystem;

/// A layout of an image for two platforms.
class Sample {
 public:
  Sample() : images_(test::sample_images({"x86_64", "aarch64"}, "base")) {
    write_layout(images_, layout());
  }
  fs::path layout() const { return folder_.path() / "layout"; }
  fs::path path(const Sha256Digest& digest) const {
    return layout() / "blobs" / "sha256" / to_hex(digest);
  }
  const Image& image() const { return images_.images[0]; }
  const Images& images() const { return images_; }

  BlobCheck check(const std::vector<apk::Architecture>& architectures = {}) const {
    const auto source = open_layout(layout());
    return check_blobs(*source, architectures, folder_.path(), {});
  }

 private:
  TemporaryDirectory folder_{fs::temp_directory_path() / "tarn-report-"};
  Images images_;
};

}  // namespace

TEST_CASE("blobs: those of a sound layout are all read") {
  const Sample sample;
  const BlobCheck check = sample.check();
  CHECK(check.faults.empty());
  // An index, two manifests and two configs, and the layer that both have.
  CHECK(check.blobs == 6);
  CHECK(sample.check({*apk::Architecture::parse("x86_64")}).blobs == 4);
}

TEST_CASE("blobs: what is damaged is named, and the rest is read") {
  const Sample sample;
  Sha256Digest damaged = sample.image().manifest.digest;
  std::string name = "manifest of linux/amd64";
  SUBCASE("a manifest") {}
  SUBCASE("a config") {
    damaged = sample.image().config.digest;
    name = "config of linux/amd64";
  }
  SUBCASE("a layer") {
    damaged = sample.image().layers[0].digest;
    name = "layer 1 of linux/amd64";
  }
  const fs::path path = sample.path(damaged);
  std::string text = read_file(path);
  SUBCASE("an octet") {
    text[text.size() / 2] ^= 1;
  }
  SUBCASE("cut short") {
    text.resize(text.size() / 2);
  }
  SUBCASE("gone") {
    text.clear();
  }
  fs::remove(path);
  if (!text.empty()) write_file(path, text);
  const BlobCheck check = sample.check();
  REQUIRE(check.faults.size() == 1);
  CHECK(check.faults[0].blob == name + ", " + digest_text(damaged));
  CHECK(check.faulty == std::set<Sha256Digest>{damaged});
}

TEST_CASE("blobs: only those of the platforms wanted are read") {
  const Sample sample;
  fs::remove(sample.path(sample.image().config.digest));
  CHECK(sample.check({*apk::Architecture::parse("aarch64")}).faults.empty());
  CHECK(sample.check({*apk::Architecture::parse("x86_64")}).faults.size() == 1);
}
