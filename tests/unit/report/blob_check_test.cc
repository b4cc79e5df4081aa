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
  enum class Damage { octet, cut, gone };
  for (const char* name :
       {"manifest of linux/amd64", "config of linux/amd64", "layer 1 of linux/amd64"})
    for (const Damage damage : {Damage::octet, Damage::cut, Damage::gone}) {
      const Sample sample;
      const std::string_view what = name;
      const Sha256Digest& damaged = what.starts_with("manifest") ? sample.image().manifest.digest
                                    : what.starts_with("config") ? sample.image().config.digest
                                                                 : sample.image().layers[0].digest;
      const fs::path path = sample.path(damaged);
      std::string text = read_file(path);
      if (damage == Damage::octet) text[text.size() / 2] ^= 1;
      if (damage == Damage::cut) text.resize(text.size() / 2);
      fs::remove(path);
      if (damage != Damage::gone) write_file(path, text);
      CAPTURE(name);
      CAPTURE(static_cast<int>(damage));
      const BlobCheck check = sample.check();
      REQUIRE(check.faults.size() == 1);
      CHECK(check.faults[0].blob == name + (", " + digest_text(damaged)));
      CHECK(check.faulty == std::set<Sha256Digest>{damaged});
    }
}

TEST_CASE("blobs: only those of the platforms wanted are read") {
  const Sample sample;
  fs::remove(sample.path(sample.image().config.digest));
  CHECK(sample.check({*apk::Architecture::parse("aarch64")}).faults.empty());
  CHECK(sample.check({*apk::Architecture::parse("x86_64")}).faults.size() == 1);
}
