#include "builder/image/image.h"

#include <doctest/doctest.h>

#include "apk/support/error.h"
#include "builder/image/json.h"

using namespace tarn;
using namespace tarn::builder;

namespace {

Layer sample_layer() {
  Layer layer;
  layer.digest = sha256("blob");
  layer.diff_id = sha256("tar");
  layer.size = 1234;
  layer.tar_size = 4096;
  layer.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
  return layer;
}

ImageFacts sample_facts(const char* architecture = "x86_64") {
  ImageFacts facts;
  facts.architecture = *apk::Architecture::parse(architecture);
  facts.created = 1706291544;
  return facts;
}

Json config_of(const Recipe& recipe, const ImageFacts& facts = sample_facts()) {
  return Json::parse(make_image(recipe, facts, {sample_layer()}).config.text);
}

constexpr const char* default_certificates = "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt";

}  // namespace

TEST_CASE("image: config and manifest of an empty recipe, octet for octet") {
  const Image image = make_image(Recipe{}, sample_facts(), {sample_layer()});
  CHECK(image.config.media_type == "application/vnd.oci.image.config.v1+json");
  CHECK(image.config.digest == sha256(image.config.text));
  CHECK(image.config.text ==
        R"({"created":"2024-01-26T17:52:24Z","author":"tarn","architecture":"amd64","os":"linux",)"
        R"("config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)"
        R"("SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],)"
        R"("Labels":{"org.opencontainers.image.created":"2024-01-26T17:52:24Z"}},)"
        R"("rootfs":{"type":"layers","diff_ids":["sha256:)" +
            to_hex(sha256("tar")) +
            R"("]},"history":[{"created":"2024-01-26T17:52:24Z","created_by":"tarn",)"
            R"("author":"tarn"}]})");
  CHECK(image.manifest.media_type == "application/vnd.oci.image.manifest.v1+json");
  CHECK(image.manifest.digest == sha256(image.manifest.text));
  CHECK(image.manifest.text ==
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
        R"("config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:)" +
            to_hex(image.config.digest) + R"(","size":)" +
            std::to_string(image.config.text.size()) +
            R"(},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",)"
            R"("digest":"sha256:)" +
            to_hex(sha256("blob")) +
            R"(","size":1234}],"annotations":{)"
            R"("org.opencontainers.image.created":"2024-01-26T17:52:24Z"}})");
}

TEST_CASE("image: what the recipe says of the container") {
  Recipe recipe;
  recipe.entrypoint.command = "/usr/sbin/nginx -g 'daemon off;'";
  recipe.cmd = "--help \"a b\"";
  recipe.stop_signal = "SIGQUIT";
  recipe.work_dir = "/srv";
  recipe.environment = {{"ZED", "1"}, {"ALPHA", "a=b"}, {"PATH", "/bin"}};
  recipe.volumes = {"/var/lib/b", "/var/lib/a", "/var/lib/b"};
  ImageFacts facts = sample_facts("armv7");
  facts.user = "65532";
  const Json config = config_of(recipe, facts);
  CHECK(config["architecture"] == "arm");
  CHECK(config["variant"] == "v7");
  const Json& run = config["config"];
  CHECK(run["User"] == "65532");
  CHECK(run["Entrypoint"] == Json({"/usr/sbin/nginx", "-g", "daemon off;"}));
  CHECK(run["Cmd"] == Json({"--help", "a b"}));
  CHECK(run["StopSignal"] == "SIGQUIT");
  CHECK(run["WorkingDir"] == "/srv");
  CHECK(run["Env"] == Json({"ALPHA=a=b", "PATH=/bin", default_certificates, "ZED=1"}));
  CHECK(run["Volumes"].dump() == R"({"/var/lib/a":{},"/var/lib/b":{}})");
}

TEST_CASE("image: ports, labels, author and health check") {
  Recipe recipe;
  recipe.annotations = {{"a", "annotation"}, {"b", "annotation"}};
  recipe.labels = {{"a", "label"}};
  recipe.author = "The Team";
  recipe.exposed_ports = {"80/tcp", "53/udp", "80/tcp"};
  using namespace std::chrono_literals;
  recipe.healthcheck = Healthcheck{Healthcheck::Kind::command, "wget -q 'a b'", 90s, 500ms, 0s, 3};
  const Json config = config_of(recipe);
  CHECK(config["author"] == "The Team");
  CHECK(config["history"][0]["author"] == "The Team");
  const Json& run = config["config"];
  CHECK(run["ExposedPorts"].dump() == R"({"53/udp":{},"80/tcp":{}})");
  CHECK(run["Labels"]["a"] == "label");
  CHECK(run["Labels"]["b"] == "annotation");
  CHECK(run["Healthcheck"] == Json::parse(R"({"Test":["CMD","wget","-q","a b"],
      "Interval":90000000000,"Timeout":500000000,"Retries":3})"));
  recipe.healthcheck = Healthcheck{Healthcheck::Kind::shell_fragment, "a || b", 0s, 0s, 0s, 0};
  CHECK(config_of(recipe)["config"]["Healthcheck"].dump() == R"({"Test":["CMD-SHELL","a || b"]})");
  recipe.healthcheck = Healthcheck{Healthcheck::Kind::none, "", 0s, 0s, 0s, 0};
  CHECK(config_of(recipe)["config"]["Healthcheck"].dump() == R"({"Test":["NONE"]})");
}

TEST_CASE("image: entrypoints") {
  Recipe recipe;
  CHECK_FALSE(config_of(recipe)["config"].contains("Entrypoint"));
  recipe.entrypoint.shell_fragment = "exec httpd -f \"$@\"";
  CHECK(config_of(recipe)["config"]["Entrypoint"] ==
        Json({"/bin/sh", "-c", "exec httpd -f \"$@\""}));
  recipe.entrypoint = {};
  recipe.entrypoint.type = "service-bundle";
  CHECK(config_of(recipe)["config"]["Entrypoint"] == Json({"/bin/s6-svscan", "/sv"}));
  recipe.entrypoint = {};
  recipe.entrypoint.command = "broken 'quote";
  try {
    config_of(recipe);
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(error.render().find("entrypoint.command") != std::string::npos);
  }
}

TEST_CASE("image: annotations are labels too; the build's win over the recipe's") {
  Recipe recipe;
  recipe.annotations = {{"a", "recipe"}, {"b", "recipe"}};
  recipe.vcs_url = "git@example.org:a/b@0123abc";
  ImageFacts facts = sample_facts();
  facts.annotations = {{"b", "build"}};
  const Image image = make_image(recipe, facts, {sample_layer()});
  const Json expected = {{"a", "recipe"},
                         {"b", "build"},
                         {"org.opencontainers.image.created", "2024-01-26T17:52:24Z"},
                         {"org.opencontainers.image.revision", "0123abc"},
                         {"org.opencontainers.image.source", "git@example.org:a/b"}};
  CHECK(Json::parse(image.manifest.text)["annotations"] == expected);
  CHECK(Json::parse(image.config.text)["config"]["Labels"] == expected);
}

TEST_CASE("image: what is made of the recipe wins over what it says, and the build over both") {
  Recipe recipe;
  recipe.annotations = {{"org.opencontainers.image.source", "recipe"},
                        {"org.opencontainers.image.created", "recipe"},
                        {"org.opencontainers.image.revision", "recipe"}};
  recipe.vcs_url = "https://example.org/a@0123abc";
  const std::map<std::string, std::string> expected = {
      {"org.opencontainers.image.source", "https://example.org/a"},
      {"org.opencontainers.image.created", "2024-01-26T17:52:24Z"},
      {"org.opencontainers.image.revision", "build"}};
  CHECK(make_annotations(recipe, 1706291544, {{"org.opencontainers.image.revision", "build"}}) ==
        expected);
}

TEST_CASE("image: text that is not UTF-8 is refused") {
  Recipe recipe;
  recipe.annotations = {{"a", "\xff"}};
  CHECK_THROWS_AS(make_image(recipe, sample_facts(), {sample_layer()}), Error);
}

TEST_CASE("image: an index has its images in order of platform") {
  std::vector<Image> images;
  for (const char* name : {"x86_64", "armv7", "aarch64", "armhf"})
    images.push_back(make_image(Recipe{}, sample_facts(name), {sample_layer()}));
  const JsonBlob blob = make_image_index(images, {{"z", "1"}, {"a", "2"}});
  CHECK(blob.media_type == "application/vnd.oci.image.index.v1+json");
  CHECK(blob.digest == sha256(blob.text));
  const Json index = Json::parse(blob.text);
  CHECK(index["schemaVersion"] == 2);
  CHECK(index["mediaType"] == blob.media_type);
  CHECK(index["annotations"].dump() == R"({"a":"2","z":"1"})");
  std::vector<std::string> platforms;
  for (const Json& manifest : index["manifests"]) platforms.push_back(manifest["platform"].dump());
  CHECK(platforms ==
        std::vector<std::string>{R"({"architecture":"amd64","os":"linux"})",
                                 R"({"architecture":"arm","os":"linux","variant":"v6"})",
                                 R"({"architecture":"arm","os":"linux","variant":"v7"})",
                                 R"({"architecture":"arm64","os":"linux"})"});
  CHECK(index["manifests"][0]["digest"] == digest_text(images[0].manifest.digest));
  CHECK(index["manifests"][0]["size"] == images[0].manifest.text.size());

  std::swap(images[0], images[3]);
  CHECK(make_image_index(images, {{"z", "1"}, {"a", "2"}}).text == blob.text);
  images.push_back(images[0]);
  CHECK_THROWS_AS(make_image_index(images, {}), Error);
}
