#include <filesystem>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "apk/support/error.h"
#include "builder/image/json.h"
#include "builder/sink/sink.h"
#include "unit/sink/sample_images.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  const fs::path& path() const { return folder_.path(); }
  fs::path layout() const { return path() / "out"; }
  Json index() const { return Json::parse(read_file(layout() / "index.json")); }
  /// "TAG=NAME" of every entry in index.json.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    const Json whole = index();
    for (const Json& entry : whole["manifests"]) {
      const Json annotations = entry.value("annotations", Json::object());
      names.push_back(annotations.value("org.opencontainers.image.ref.name", "") + "=" +
                      annotations.value("io.containerd.image.name", ""));
    }
    return names;
  }
  /// Every blob is what its name says.
  void check_blobs(std::size_t count) const {
    std::size_t found = 0;
    for (const auto& file : fs::directory_iterator(layout() / "blobs" / "sha256")) {
      CHECK(to_hex(sha256(read_file(file.path()))) == file.path().filename().string());
      ++found;
    }
    CHECK(found == count);
  }

 private:
  TemporaryDirectory folder_{fs::temp_directory_path() / "tarn-sink-"};
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("layout: a new folder") {
  const Folder folder;
  const Images images = test::sample_images({"x86_64"}, "base:1");
  write_layout(images, folder.layout());
  CHECK(read_file(folder.layout() / "oci-layout") == R"({"imageLayoutVersion":"1.0.0"})");
  CHECK(folder.names() == Names{"1=docker.io/library/base:1"});
  CHECK(folder.index()["manifests"][0]["digest"] == digest_text(images.images[0].manifest.digest));
  folder.check_blobs(3);
  // Nothing else is left beside or in it, and others may read it as they may any new folder.
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
  CHECK(std::distance(fs::directory_iterator(folder.layout()), fs::directory_iterator()) == 3);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  CHECK(fs::status(folder.layout()).permissions() == fs::perms(0777 & ~mask));
}

TEST_CASE("layout: a slash at the end, an empty folder") {
  const Folder folder;
  write_layout(test::sample_images({"x86_64"}, "base"), folder.layout().string() + "/");
  CHECK(folder.names() == Names{"latest=docker.io/library/base:latest"});

  const Folder other;
  fs::create_directory(other.layout());
  write_layout(test::sample_images({"x86_64"}, "base"), other.layout());
  CHECK(other.names() == Names{"latest=docker.io/library/base:latest"});
  other.check_blobs(3);
}

TEST_CASE("layout: several images are one entry") {
  const Folder folder;
  const Images images = test::sample_images({"x86_64", "aarch64"}, "base");
  write_layout(images, folder.layout());
  CHECK(folder.index()["manifests"].size() == 1);
  CHECK(folder.index()["manifests"][0]["digest"] == digest_text(images.index.digest));
  folder.check_blobs(1 + 2 + 2 + 1);
}

TEST_CASE("layout: other references stay, the same one is replaced") {
  const Folder folder;
  write_layout(test::sample_images({"x86_64"}, "base:1", "one"), folder.layout());
  write_layout(test::sample_images({"x86_64"}, "base:2", "two"), folder.layout());
  write_layout(test::sample_images({"x86_64"}, "", "unnamed"), folder.layout());
  CHECK(folder.names() == Names{"1=docker.io/library/base:1", "2=docker.io/library/base:2", "="});
  const Images again = test::sample_images({"x86_64"}, "base:1", "another");
  write_layout(again, folder.layout());
  const Images unnamed = test::sample_images({"x86_64"}, "", "unnamed again");
  write_layout(unnamed, folder.layout());
  CHECK(folder.names() == Names{"1=docker.io/library/base:1", "2=docker.io/library/base:2", "="});
  CHECK(folder.index()["manifests"][0]["digest"] == digest_text(again.images[0].manifest.digest));
  CHECK(folder.index()["manifests"][2]["digest"] == digest_text(unnamed.images[0].manifest.digest));
  folder.check_blobs(15);
}

TEST_CASE("layout: what other tools wrote into index.json stays") {
  const Folder folder;
  write_layout(test::sample_images({"x86_64"}, "base:1"), folder.layout());
  Json index = folder.index();
  index["annotations"]["theirs"] = "kept";
  index["manifests"].push_back(
      Json::parse(R"({"mediaType":"x","digest":"sha256:00","size":1,"theirs":[1],)"
                  R"("annotations":{"org.opencontainers.image.ref.name":"2"}})"));
  index["manifests"].push_back("no object");
  write_file(folder.layout() / "index.json", index.dump());
  write_layout(test::sample_images({"x86_64"}, "base:3"), folder.layout());
  const Json after = folder.index();
  CHECK(after["annotations"]["theirs"] == "kept");
  REQUIRE(after["manifests"].size() == 4);
  CHECK(after["manifests"][1] == index["manifests"][1]);
  CHECK(after["manifests"][2] == "no object");
  // An entry that only has the tag is the same reference.
  write_layout(test::sample_images({"x86_64"}, "base:2"), folder.layout());
  CHECK(folder.index()["manifests"].size() == 4);
  CHECK(folder.index()["manifests"][1].contains("platform"));
}

TEST_CASE("layout: a damaged blob is written anew") {
  const Folder folder;
  const Images images = test::sample_images({"x86_64"}, "base");
  write_layout(images, folder.layout());
  const auto blob = folder.layout() / "blobs" / "sha256" / to_hex(images.images[0].config.digest);
  write_file(blob, "damaged");
  write_layout(images, folder.layout());
  folder.check_blobs(3);
}

TEST_CASE("layout: what would harm something else is refused and changes nothing") {
  const Images images = test::sample_images({"x86_64"}, "base");
  const auto refuses = [&](const Folder& folder, const Images& what, ErrorKind kind) {
    try {
      write_layout(what, folder.layout());
      FAIL("not refused");
    } catch (const Error& error) {
      CHECK(error.kind() == kind);
    }
  };
  {
    const Folder folder;
    fs::create_directory(folder.layout());
    write_file(folder.layout() / "precious", "data");
    refuses(folder, images, ErrorKind::usage);
    CHECK_FALSE(fs::exists(folder.layout() / "blobs"));
  }
  {
    const Folder folder;
    write_file(folder.layout(), "a file");
    refuses(folder, images, ErrorKind::usage);
  }
  {
    const Folder folder;
    Images wrong = images;
    wrong.tag = "Base";
    refuses(folder, wrong, ErrorKind::usage);
    CHECK(fs::is_empty(folder.path()));
  }
  {
    const Folder folder;
    write_layout(images, folder.layout());
    const std::string before = read_file(folder.layout() / "index.json");
    refuses(folder, test::sample_images({"x86_64"}, "other", "other"), ErrorKind::usage);
    folder.check_blobs(3);
    CHECK(read_file(folder.layout() / "index.json") == before);
    for (const char* broken : {"", "[]", "{\"manifests\":{}}", "{"}) {
      write_file(folder.layout() / "index.json", std::string_view(broken));
      refuses(folder, test::sample_images({"x86_64"}, "base", "other"), ErrorKind::failed);
      folder.check_blobs(3);
    }
    write_file(folder.layout() / "oci-layout", R"({"imageLayoutVersion":"9.0.0"})");
    refuses(folder, images, ErrorKind::failed);
  }
  {
    const Folder folder;
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(write_layout(images, folder.layout(), stop.get_token()), Error);
    CHECK(fs::is_empty(folder.path()));
  }
}
