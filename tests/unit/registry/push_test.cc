#include "builder/registry/push.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "unit/registry/fake_registry.h"
#include "unit/sink/sample_images.h"

using namespace tarn;
using namespace tarn::builder;
using namespace tarn::test;

namespace {

struct Pushing {
  FakeWorld world;
  TemporaryDirectory folder{std::filesystem::temp_directory_path() / "tarn-push-"};
  apk::Store store{folder.path() / "cache"};
  Images images = sample_images({"x86_64", "aarch64"}, "base");

  PushReport run(const std::string& repository, const std::vector<std::string>& tags,
                 MediaTypes types = MediaTypes::oci) {
    RegistrySession session(world.world(), "registry.example.org", repository);
    BlobHistory history(store, "registry.example.org");
    const PushContent content = push_content(images.images, images.index, types);
    const PushReport report = push(session, content, tags, history, {});
    history.save();
    return report;
  }
};

std::size_t position(const FakeRegistry& registry, const std::string& line_end) {
  const auto seen = registry.seen();
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (seen[i].line().ends_with(line_end)) return i;
  return seen.size();
}

}  // namespace

TEST_CASE("push: blobs, manifests, index, tags, in that order") {
  Pushing pushing;
  const PushReport report = pushing.run("team/base", {"1", "latest"});
  CHECK(report.sent == 3);  // two configs and the layer that both have
  CHECK(report.octets_sent > 0);
  const FakeRegistry& registry = pushing.world.registry;
  const auto& images = pushing.images;
  const auto index = position(registry, "PUT https://registry.example.org/v2/team/base/manifests/" +
                                            sha256_of(images.index.text));
  for (const Image& image : images.images)
    CHECK(position(registry, "/manifests/" + sha256_of(image.manifest.text)) < index);
  CHECK(index < position(registry, "/manifests/1"));
  CHECK(position(registry, "/manifests/1") < position(registry, "/manifests/latest"));
  CHECK(registry.manifests.at("/v2/team/base/manifests/latest").second == images.index.text);
}

TEST_CASE("push: again nothing is sent; elsewhere on the registry it is taken from there") {
  Pushing pushing;
  pushing.run("team/base", {"1"});
  const PushReport again = pushing.run("team/base", {"2"});
  CHECK(again.present == 3);
  CHECK(again.sent == 0);
  const PushReport elsewhere = pushing.run("team/other", {"1"});
  CHECK(elsewhere.mounted == 3);
  CHECK(elsewhere.sent == 0);
  CHECK(pushing.world.registry.count("PUT", "/blobs/") == 3);
}

TEST_CASE("push: what the history remembers may be gone") {
  Pushing pushing;
  pushing.run("team/base", {"1"});
  pushing.world.registry.blobs.clear();
  const PushReport report = pushing.run("team/other", {"1"});
  CHECK(report.sent == 3);
  CHECK(pushing.world.registry.uploads.empty());
}

TEST_CASE("push: a refused manifest leaves the tags alone") {
  Pushing pushing;
  pushing.world.registry.interfere = [](const HttpRequest& request,
                                        std::size_t) -> std::optional<HttpResponse> {
    if (request.url.path().find("/manifests/sha256:") == std::string::npos) return std::nullopt;
    return reply(400, {}, R"({"errors":[{"code":"MANIFEST_INVALID","message":"no"}]})");
  };
  CHECK_THROWS_WITH_AS(pushing.run("team/base", {"1"}), doctest::Contains("MANIFEST_INVALID"),
                       Error);
  CHECK(pushing.world.registry.manifests.empty());
}

TEST_CASE("push: docker's media types") {
  Pushing pushing;
  const PushContent content =
      push_content(pushing.images.images, pushing.images.index, MediaTypes::docker);
  CHECK(content.top.media_type == "application/vnd.docker.distribution.manifest.list.v2+json");
  const auto list = nlohmann::json::parse(content.top.text);
  REQUIRE(list["manifests"].size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(list["manifests"][i]["digest"] == sha256_of(content.manifests[i].text));
    CHECK(list["manifests"][i]["platform"]["os"] == "linux");
    const auto manifest = nlohmann::json::parse(content.manifests[i].text);
    CHECK(manifest["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json");
    CHECK(manifest["config"]["mediaType"] == "application/vnd.docker.container.image.v1+json");
    CHECK(manifest["layers"][0]["mediaType"] ==
          "application/vnd.docker.image.rootfs.diff.tar.gzip");
    CHECK_FALSE(manifest.contains("annotations"));
  }
  Image zstd = pushing.images.images.front();
  auto manifest = nlohmann::ordered_json::parse(zstd.manifest.text);
  manifest["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+zstd";
  zstd.manifest.text = manifest.dump();
  CHECK_THROWS_AS(push_content({zstd}, pushing.images.index, MediaTypes::docker), Error);
}
