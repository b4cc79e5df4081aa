#include "builder/image/image.h"

#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/image/descriptors.h"
#include "builder/image/json.h"
#include "builder/image/shell_words.h"
#include "builder/image/timestamp.h"

namespace tarn::builder {
namespace {

constexpr const char* config_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* index_type = "application/vnd.oci.image.index.v1+json";
constexpr const char* program = "tarn";

JsonBlob make_blob(const Json& json, const char* media_type) {
  JsonBlob blob{dump_json(json), {}, media_type};
  blob.digest = sha256(blob.text);
  return blob;
}

std::vector<std::string> entrypoint_words(const Entrypoint& entrypoint) {
  if (!entrypoint.shell_fragment.empty()) return {"/bin/sh", "-c", entrypoint.shell_fragment};
  if (entrypoint.type == "service-bundle") return {"/bin/s6-svscan", "/sv"};
  return with_context("reading entrypoint.command",
                      [&] { return split_shell_words(entrypoint.command); });
}

std::vector<std::string> environment_lines(std::map<std::string, std::string> environment) {
  environment.try_emplace("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  environment.try_emplace("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
  std::vector<std::string> lines;
  lines.reserve(environment.size());
  for (const auto& [name, value] : environment) lines.push_back(fmt::format("{}={}", name, value));
  std::sort(lines.begin(), lines.end());
  return lines;
}

void put_if_any(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

void put_if_any(Json& json, const char* key, const std::vector<std::string>& texts) {
  if (!texts.empty()) json[key] = texts;
}

/// Docker's config has it under this form, times in nanoseconds.
Json make_healthcheck(const Healthcheck& check) {
  Json json = Json::object();
  switch (check.kind) {
    case Healthcheck::Kind::none:
      json["Test"] = {"NONE"};
      break;
    case Healthcheck::Kind::shell_fragment:
      json["Test"] = {"CMD-SHELL", check.text};
      break;
    case Healthcheck::Kind::command:
      json["Test"] = {"CMD"};
      for (auto& word : with_context("reading healthcheck.command",
                                     [&] { return split_shell_words(check.text); }))
        json["Test"].push_back(std::move(word));
      break;
  }
  const auto put_time = [&](const char* key, std::chrono::milliseconds time) {
    if (time.count() != 0) json[key] = std::chrono::nanoseconds(time).count();
  };
  put_time("Interval", check.interval);
  put_time("Timeout", check.timeout);
  put_time("StartPeriod", check.start_period);
  if (check.retries != 0) json["Retries"] = check.retries;
  return json;
}

/// The config of the image beneath; an empty object without one.
Json base_config(const ImageFacts& facts) {
  if (facts.base == nullptr) return Json::object();
  Json config = Json::parse(facts.base->config.text, nullptr, false);
  return config.is_object() ? config : Json::object();
}

/// One step for each layer, below those of this image the ones of the image beneath.
Json make_history(const ImageFacts& facts, std::size_t layers, const Json& step) {
  if (facts.base == nullptr) return Json(layers, step);
  Json history = base_config(facts).value("history", Json::array());
  if (!history.is_array()) history = Json::array();
  for (std::size_t i = facts.base->layers.size(); i < layers; ++i) history.push_back(step);
  return history;
}

/// What a container of the image runs with: `config` in the image configuration.
Json make_execution_config(const Recipe& recipe, const ImageFacts& facts,
                           const std::map<std::string, std::string>& annotations) {
  Json config = base_config(facts).value("config", Json::object());
  if (!config.is_object()) config = Json::object();
  config.erase("Labels");
  if (!recipe.volumes.empty()) config.erase("Volumes");
  if (!recipe.exposed_ports.empty()) config.erase("ExposedPorts");
  put_if_any(config, "User", facts.user);
  put_if_any(config, "Env", environment_lines(recipe.environment));
  put_if_any(config, "Entrypoint", entrypoint_words(recipe.entrypoint));
  put_if_any(config, "Cmd",
             with_context("reading cmd", [&] { return split_shell_words(recipe.cmd); }));
  for (const std::string& volume : std::set(recipe.volumes.begin(), recipe.volumes.end()))
    config["Volumes"][volume] = Json::object();
  put_if_any(config, "WorkingDir", recipe.work_dir);
  for (const std::string& port : std::set(recipe.exposed_ports.begin(), recipe.exposed_ports.end()))
    config["ExposedPorts"][port] = Json::object();
  for (const auto& [key, value] : annotations) config["Labels"][key] = value;
  for (const auto& [key, value] : recipe.labels) config["Labels"][key] = value;
  if (recipe.healthcheck) config["Healthcheck"] = make_healthcheck(*recipe.healthcheck);
  put_if_any(config, "StopSignal", recipe.stop_signal);
  return config;
}

JsonBlob make_config(const Recipe& recipe, const ImageFacts& facts,
                     const std::map<std::string, std::string>& annotations,
                     const std::vector<Layer>& layers) {
  const std::string created = format_timestamp(facts.created);
  Json config;
  config["created"] = created;
  config["author"] = recipe.author.empty() ? program : recipe.author;
  config["architecture"] = facts.architecture.oci;
  put_if_any(config, "variant", facts.architecture.variant);
  config["os"] = "linux";
  config["config"] = make_execution_config(recipe, facts, annotations);
  config["rootfs"]["type"] = "layers";
  for (const Layer& layer : layers)
    config["rootfs"]["diff_ids"].push_back(digest_text(layer.diff_id));
  Json step;
  step["created"] = created;
  step["created_by"] = program;
  step["author"] = config["author"];
  config["history"] = make_history(facts, layers.size(), step);
  return make_blob(config, config_type);
}

JsonBlob make_manifest(const JsonBlob& config, const std::vector<Layer>& layers,
                       const std::map<std::string, std::string>& annotations) {
  Json manifest;
  manifest["schemaVersion"] = 2;
  manifest["mediaType"] = manifest_type;
  manifest["config"] = make_descriptor(config);
  for (const Layer& layer : layers)
    manifest["layers"].push_back(make_descriptor(layer.media_type, layer.digest, layer.size));
  for (const auto& [key, value] : annotations) manifest["annotations"][key] = value;
  return make_blob(manifest, manifest_type);
}

}  // namespace

std::map<std::string, std::string> make_annotations(
    const Recipe& recipe, std::int64_t created,
    const std::map<std::string, std::string>& of_build) {
  auto annotations = recipe.annotations;
  // URL@REVISION; the URL may have an '@' of its own.
  const std::size_t at = recipe.vcs_url.rfind('@');
  if (at != std::string::npos) {
    annotations["org.opencontainers.image.source"] = recipe.vcs_url.substr(0, at);
    annotations["org.opencontainers.image.revision"] = recipe.vcs_url.substr(at + 1);
  }
  annotations["org.opencontainers.image.created"] = format_timestamp(created);
  for (const auto& [key, value] : of_build) annotations[key] = value;
  return annotations;
}

Image make_image(const Recipe& recipe, const ImageFacts& facts, std::vector<Layer> layers) {
  const auto annotations = make_annotations(recipe, facts.created, facts.annotations);
  Image image;
  image.architecture = facts.architecture;
  image.config = make_config(recipe, facts, annotations, layers);
  image.manifest = make_manifest(image.config, layers, annotations);
  image.layers = std::move(layers);
  return image;
}

JsonBlob make_image_index(const std::vector<Image>& images,
                          const std::map<std::string, std::string>& annotations) {
  Json index;
  index["schemaVersion"] = 2;
  index["mediaType"] = index_type;
  index["manifests"] = Json::array();
  for (const Image* image : by_platform(images))
    index["manifests"].push_back(make_descriptor(*image));
  for (const auto& [key, value] : annotations) index["annotations"][key] = value;
  return make_blob(index, index_type);
}

}  // namespace tarn::builder
