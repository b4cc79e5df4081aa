#include "builder/report/rebuild_difference.h"

#include <doctest/doctest.h>

#include "builder/report/json_difference.h"
#include "unit/sink/sample_images.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

std::vector<std::string> lines(const std::vector<ValueDifference>& values) {
  std::vector<std::string> lines;
  for (const ValueDifference& value : values)
    lines.push_back(value.name + ": " + value.before + " → " + value.after);
  return lines;
}

using Lines = std::vector<std::string>;

void set_text(JsonBlob& blob, const std::string& text) {
  blob.text = text;
  blob.digest = sha256(text);
}

}  // namespace

TEST_CASE("documents: every value that is another is named") {
  const Json before = Json::parse(R"({
    "config": {"Env": ["A=1", "B=2"], "Cmd": ["run"], "Labels": {"x": "1"}, "Volumes": {"/v": {}}},
    "history": [{"comment": "one"}],
    "rootfs": {"type": "layers", "diff_ids": ["sha256:1"]},
    "layers": [{"mediaType": "m", "digest": "sha256:1", "size": 1}]
  })");
  CHECK(compare_json(before, before).empty());
  Json after = before;
  after["rootfs"]["diff_ids"] = {"sha256:2"};
  after["layers"][0]["digest"] = "sha256:2";
  after["layers"][0]["size"] = 2;
  CHECK(compare_json(before, after).empty());
  after["config"]["Env"] = {"B=3", "C="};
  after["config"]["Cmd"] = {"run", "away"};
  after["config"]["Labels"] = Json::object();
  after["config"]["Volumes"]["/w"] = Json::object();
  after["history"][0]["comment"] = "two";
  after["layers"][0]["mediaType"] = "n";
  CHECK(lines(compare_json(before, after)) ==
        Lines{"config.Cmd: [\"run\"] → [\"run\",\"away\"]", "config.Env.A: 1 → ",
              "config.Env.B: 2 → 3", "config.Env.C:  → ", "config.Labels:  → {}",
              "config.Labels.x: 1 → ", "config.Volumes./w:  → {}", "history[0].comment: one → two",
              "layers[0].mediaType: m → n"});
}

TEST_CASE("rebuilt: images of one manifest are the same") {
  const Images images = test::sample_images({"x86_64"}, "base");
  CHECK(compare_rebuilt(images.images[0], images.images[0], {}).empty());
}

TEST_CASE("rebuilt: what is another is told once") {
  const Image rebuilt = test::sample_images({"x86_64"}, "base").images[0];
  Image image = rebuilt;
  SUBCASE("a file") {
    image = test::sample_images({"x86_64"}, "base", "y").images[0];
    const RebuildDifference difference = compare_rebuilt(rebuilt, image, {});
    REQUIRE(difference.layers.records.size() == 1);
    CHECK(difference.layers.records[0].path == "content");
    CHECK(difference.config.empty());
    CHECK(difference.manifest.empty());
    CHECK(difference.rewritten.empty());
  }
  SUBCASE("the config") {
    Json config = Json::parse(image.config.text);
    config["author"] = "another";
    set_text(image.config, config.dump());
    Json manifest = Json::parse(image.manifest.text);
    manifest["config"]["digest"] = digest_text(image.config.digest);
    set_text(image.manifest, manifest.dump());
    const RebuildDifference difference = compare_rebuilt(rebuilt, image, {});
    CHECK(lines(difference.config) == Lines{"author: tarn → another"});
    CHECK(difference.layers.empty());
    CHECK(difference.manifest.empty());
    CHECK(difference.rewritten.empty());
  }
  SUBCASE("the form of the manifest") {
    set_text(image.manifest, Json::parse(image.manifest.text).dump(2));
    const RebuildDifference difference = compare_rebuilt(rebuilt, image, {});
    CHECK(difference.rewritten == Lines{"manifest"});
    CHECK_FALSE(difference.empty());
  }
}
