#include "builder/build_memo.h"

#include <chrono>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/description.h"
#include "builder/image/json.h"
#include "builder/layer/compressor.h"
#include "builder/lock/lock_file.h"
#include "builder/program_identity.h"
#include "builder/recipe/print.h"
#include "builder/rootfs/files.h"
#include "builder/rootfs/skeleton.h"

namespace tarn::builder {
namespace {

constexpr const char* build_kind = "build";

/// What the recipe's `files` bring, as they are on the host now.
void describe_files(const Recipe& recipe, Description& description) {
  Rootfs rootfs;
  apply_files(rootfs, recipe.files);
  description.add(rootfs);
}

void describe_repositories(const ArchitecturePlan& plan, Description& description) {
  description.add(plan.architecture.apk);
  for (const Sha256Digest& digest : plan.index_digests) description.add(digest);
  description.add("keys");
  for (const auto& [name, key] : plan.keyring.keys()) {
    description.add(name);
    description.add(key.pem());
  }
}

Json layer_json(const Layer& layer) {
  return {{"key", to_hex(*layer.cache_key)}, {"digest", to_hex(layer.digest)}};
}

Json blob_json(const JsonBlob& blob) {
  return {{"text", blob.text}, {"media_type", blob.media_type}};
}

JsonBlob read_blob(const Json& json) {
  JsonBlob blob{json.at("text").get<std::string>(), {}, json.at("media_type").get<std::string>()};
  blob.digest = sha256(blob.text);
  return blob;
}

/// A text that may hold any octets.
std::string read_text(const Json& base64) {
  return std::string(as_text(from_base64(base64.get<std::string>()).value()));
}

Json script_run_json(const ScriptRun& run) {
  const ScriptReport& report = run.report;
  return {{"architecture", run.architecture},
          {"package", report.package},
          {"kind", static_cast<int>(report.kind)},
          {"way", static_cast<int>(report.way)},
          {"reason", to_base64(as_bytes(report.reason))},
          {"status", report.status},
          {"output", to_base64(as_bytes(report.output))}};
}

ScriptRun read_script_run(const Json& json) {
  ScriptRun run{json.at("architecture").get<std::string>(), {}};
  run.report.package = json.at("package").get<std::string>();
  run.report.kind = static_cast<apk::ScriptKind>(json.at("kind").get<int>());
  run.report.way = static_cast<ScriptWay>(json.at("way").get<int>());
  run.report.reason = read_text(json.at("reason"));
  run.report.status = json.at("status").get<int>();
  run.report.output = read_text(json.at("output"));
  return run;
}

Json outcome_json(const BuildOutcome& outcome) {
  Json json = {{"index", blob_json(outcome.index)}, {"package_counts", outcome.package_counts}};
  for (const Image& image : outcome.images) {
    Json layers = Json::array();
    for (const Layer& layer : image.layers) layers.push_back(layer_json(layer));
    json["images"].push_back({{"architecture", image.architecture.apk},
                              {"config", blob_json(image.config)},
                              {"manifest", blob_json(image.manifest)},
                              {"layers", std::move(layers)}});
  }
  json["scripts"] = Json::array();
  for (const ScriptRun& run : outcome.scripts) json["scripts"].push_back(script_run_json(run));
  json["notes"] = Json::array();
  for (const Note& note : outcome.notes)
    json["notes"].push_back(
        {{"level", static_cast<int>(note.level)}, {"text", to_base64(as_bytes(note.text))}});
  return json;
}

}  // namespace

std::optional<Sha256Digest> build_key(const Recipe& recipe, const BuildOptions& options,
                                      const FetchedRepositories& repositories) {
  if (recipe.contents.baseimage) return std::nullopt;
  Description description;
  description.add("tarn build 1");
  description.add(program_identity());
  description.add(recipe.file.string());  // messages name it
  description.add(print_recipe(recipe, RecipeFormat::json));
  description.add(make_compressor(recipe.compression)->identity());
  if (recipe.skeleton != "none") description.add(skeleton_digest(load_skeleton(recipe.skeleton)));
  describe_files(recipe, description);
  for (const ArchitecturePlan& plan : repositories.resolution.plans)
    describe_repositories(plan, description);
  if (options.lock) {
    description.add("lock");
    description.add(write_lock(*options.lock));
  }
  description.add("options");
  for (const auto& [name, value] : options.annotations) {
    description.add(name);
    description.add(value);
  }
  description.add(fmt::format("{} {} {} {}", static_cast<int>(options.resolve.signatures),
                              static_cast<int>(options.resolve.versions),
                              options.source_date_epoch.value_or(-1),
                              static_cast<int>(options.package_sboms)));
  return description.finish();
}

std::optional<BuildOutcome> BuildMemo::find(const Sha256Digest& key, std::size_t threads) const {
  const auto entry = store_.find(build_kind, to_hex(key));
  const auto file = entry ? store_.open(*entry) : std::nullopt;
  if (!file) return std::nullopt;
  const Json json = Json::parse(as_text(file->bytes()));
  BuildOutcome outcome;
  outcome.index = read_blob(json.at("index"));
  outcome.package_counts = json.at("package_counts").get<std::vector<std::size_t>>();
  for (const Json& image : json.at("images")) {
    Image& read = outcome.images.emplace_back();
    read.architecture = *apk::Architecture::parse(image.at("architecture").get<std::string>());
    read.config = read_blob(image.at("config"));
    read.manifest = read_blob(image.at("manifest"));
    for (const Json& layer : image.at("layers")) {
      const auto layer_key = digest_from_hex<32>(layer.at("key").get<std::string>());
      auto found = layers_.find_layer(layer_key.value(), threads);
      if (!found || to_hex(found->digest) != layer.at("digest")) return std::nullopt;
      read.layers.push_back(std::move(*found));
    }
  }
  for (const Json& run : json.at("scripts")) outcome.scripts.push_back(read_script_run(run));
  for (const Json& note : json.at("notes"))
    outcome.notes.push_back(
        {static_cast<NoteLevel>(note.at("level").get<int>()), read_text(note.at("text"))});
  return outcome;
}

void BuildMemo::put(const Sha256Digest& key, const BuildOutcome& outcome) {
  for (const Image& image : outcome.images)
    for (const Layer& layer : image.layers)
      if (!layer.cache_key) return;
  const std::string text = dump_json(outcome_json(outcome));
  AtomicFile file = store_.new_blob();
  file.write(text);
  store_.put(build_kind, to_hex(key), std::move(file),
             {.blob = sha256(text), .size = text.size(), .facts = {}});
}

void NoteKeeper::note(NoteLevel level, std::string_view text) {
  {
    const std::lock_guard lock(mutex_);
    notes_.push_back({level, std::string(text)});
  }
  beneath_.note(level, text);
}

}  // namespace tarn::builder
