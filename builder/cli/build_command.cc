#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/support/file.h"
#include "builder/build.h"
#include "builder/cli/build_options.h"
#include "builder/cli/commands.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/script_reports.h"
#include "builder/cli/source_date_epoch.h"
#include "builder/registry/reference.h"
#include "builder/sink/sink.h"
#include "builder/terminal/format_size.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

struct BuildCommandOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  std::string tag;
  std::string output;
  std::vector<std::string> annotations;
  bool json = false;
};

bool is_layout_path(const std::string& output) {
  return output.ends_with('/') || fs::is_directory(output);
}

/// The digest that the output's index.json names: what consumers will show.
const Sha256Digest& image_digest(const Images& images) {
  return images.images.size() == 1 ? images.images.front().manifest.digest : images.index.digest;
}

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

void summarise(const BuildResult& result, const std::string& output, Progress& progress) {
  for (std::size_t i = 0; i < result.images.images.size(); ++i) {
    const Image& image = result.images.images[i];
    std::uint64_t size = 0;
    std::uint64_t tar_size = 0;
    for (const Layer& layer : image.layers) {
      size += layer.size;
      tar_size += layer.tar_size;
    }
    progress.note(
        NoteLevel::info,
        fmt::format(
            "{}: {} packages, {} {} ({} unpacked)", image.architecture.platform(),
            result.resolution.plans[i].plan.packages.size(),
            image.layers.size() == 1 ? "layer" : fmt::format("{} layers", image.layers.size()),
            format_size(size), format_size(tar_size)));
  }
  std::string times;
  std::chrono::steady_clock::duration total{};
  for (const Pass& pass : result.passes) {
    times += fmt::format(", {} {:.2f} s", pass.name, seconds(pass.time));
    total += pass.time;
  }
  progress.note(NoteLevel::info,
                fmt::format("wrote {} in {:.2f} s{}", output, seconds(total), times));
}

nlohmann::ordered_json layers_json(const std::vector<Layer>& layers) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Layer& layer : layers)
    list.push_back({{"digest", "sha256:" + to_hex(layer.digest)},
                    {"diff_id", "sha256:" + to_hex(layer.diff_id)},
                    {"media_type", layer.media_type},
                    {"size", layer.size},
                    {"unpacked_size", layer.tar_size}});
  return list;
}

nlohmann::ordered_json result_json(const BuildResult& result, const std::string& output) {
  nlohmann::ordered_json images = nlohmann::ordered_json::array();
  for (const Image& image : result.images.images)
    images.push_back({{"platform", image.architecture.platform()},
                      {"manifest", "sha256:" + to_hex(image.manifest.digest)},
                      {"config", "sha256:" + to_hex(image.config.digest)},
                      {"layers", layers_json(image.layers)}});
  nlohmann::ordered_json passes = nlohmann::ordered_json::object();
  for (const Pass& pass : result.passes) passes[pass.name] = seconds(pass.time);
  nlohmann::ordered_json scripts = nlohmann::ordered_json::array();
  for (const auto& [architecture, report] : result.scripts) {
    scripts.push_back({{"architecture", architecture}});
    scripts.back().update(script_json(report));
    if (report.way == ScriptWay::skipped) continue;
    scripts.back()["status"] = report.status;
    scripts.back()["output"] = report.output;
    scripts.back()["seconds"] = seconds(report.time);
  }
  return {{"digest", "sha256:" + to_hex(image_digest(result.images))},
          {"tag", result.images.tag},
          {"output", output},
          {"images", std::move(images)},
          {"scripts", std::move(scripts)},
          {"seconds", std::move(passes)}};
}

/// What would only fail at the end of a build is found before it.
void check_output(const BuildCommandOptions& options) {
  Reference::parse(options.tag);
  const fs::path folder = fs::absolute(options.output).parent_path();
  if (!is_layout_path(options.output) && !fs::is_directory(folder))
    throw Error(ErrorKind::failed, "there is no folder " + folder.string() + " to write to");
}

void run_build(BuildCommandOptions options, const Context& context) {
  RepositoryAccess access(options.repositories.network, context);
  const std::string stem = options.recipe.recipe.stem().string();
  if (options.tag.empty()) options.tag = stem + ":latest";
  if (options.output.empty()) options.output = stem + ".tar";

  check_output(options);

  const Recipe recipe = access.load(options.recipe);
  apk::Fetcher fetcher = access.fetcher(recipe);
  BuildOptions build_options;
  build_options.resolve = resolve_options(options.repositories, context.options);
  build_options.tag = options.tag;
  build_options.annotations = parse_annotations(options.annotations);
  build_options.source_date_epoch = source_date_epoch();
  build_options.scratch = access.store().folder();
  BuildResult result = build(recipe, build_options, fetcher, context.progress, context.stop);

  const auto start = std::chrono::steady_clock::now();
  if (is_layout_path(options.output))
    write_layout(result.images, options.output, context.stop);
  else
    write_archive(result.images, options.output, context.stop);
  result.passes.push_back({"write", std::chrono::steady_clock::now() - start});

  note_scripts(result.scripts, context.progress);
  summarise(result, options.output, context.progress);
  if (options.json)
    context.out << result_json(result, options.output).dump(2) << '\n';
  else
    context.out << "sha256:" << to_hex(image_digest(result.images)) << '\n';
}

}  // namespace

void add_build_command(Commands& commands) {
  auto options = std::make_shared<BuildCommandOptions>();
  CLI::App& command = commands.add(
      commands.root(), "build", "Build an image from a recipe; print its digest",
      "  tarn build base.yaml\n"
      "  tarn build base.yaml registry.example.org/base:3.22 base.tar && podman load -i base.tar\n"
      "  tarn build base.yaml base:latest layout/        # an OCI image layout\n"
      "  tarn build base.yaml --arch x86_64,aarch64 --var "
      "mirror=https://mirror.example.org/alpine\n");
  add_recipe_options(command, options->recipe);
  command.add_option("TAG", options->tag, "Name of the image (default: the recipe's, :latest)")
      ->option_text(" ");
  command
      .add_option("OUTPUT", options->output,
                  "An archive (default: NAME.tar), or a folder (existing, or ending in '/') for an "
                  "OCI image layout")
      ->option_text(" ");
  add_repository_options(command, options->repositories);
  add_same_versions_option(command, options->repositories);
  command
      .add_option("--annotation,--annotations", options->annotations,
                  "An annotation for manifest, index and labels (may be repeated)")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_flag("--json", options->json, "Print digests, sizes and times as JSON");
  commands.on(command, [options](const Context& context) { run_build(*options, context); });
}

}  // namespace tarn::builder
