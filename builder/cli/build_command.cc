#include <optional>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "apk/support/file.h"
#include "builder/build.h"
#include "builder/cli/build_options.h"
#include "builder/cli/commands.h"
#include "builder/cli/lock_use.h"
#include "builder/cli/outputs.h"
#include "builder/cli/provenance_options.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/registry_options.h"
#include "builder/cli/sbom_options.h"
#include "builder/cli/script_reports.h"
#include "builder/cli/source_date_epoch.h"
#include "builder/registry/reference.h"
#include "builder/report/run_recorder.h"
#include "builder/sink/sink.h"
#include "builder/terminal/format_size.h"

namespace tarn::builder {
namespace {

struct BuildCommandOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  RegistryOptions registry;
  std::string tag;
  std::string output;
  std::vector<std::string> outputs;
  std::string fakeroot_file;
  std::vector<std::string> annotations;
  SbomOptions sbom;
  ProvenanceOptions provenance;
  bool json = false;
};

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

void summarise(const BuildResult& result, const std::vector<Output>& outputs, Progress& progress) {
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
            result.package_counts[i],
            image.layers.size() == 1 ? "layer" : fmt::format("{} layers", image.layers.size()),
            format_size(size), format_size(tar_size)));
  }
  std::string times;
  std::chrono::steady_clock::duration total{};
  for (const Pass& pass : result.passes) {
    times += fmt::format(", {} {:.2f} s", pass.name, seconds(pass.time));
    total += pass.time;
  }
  std::string names;
  for (const Output& output : outputs) names += (names.empty() ? "" : ", ") + output.place.name();
  progress.note(NoteLevel::info,
                fmt::format("wrote {} in {:.2f} s{}", names, seconds(total), times));
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

/// An SBOM in its file.
struct WrittenSbom {
  std::filesystem::path path;
  SbomDocument document;
};

nlohmann::ordered_json sboms_json(const std::vector<WrittenSbom>& sboms) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& [path, document] : sboms)
    list.push_back({{"dest", path.string()},
                    {"architecture", document.architecture.empty()
                                         ? nlohmann::ordered_json()
                                         : nlohmann::ordered_json(document.architecture)},
                    {"media_type", document.file.media_type},
                    {"digest", "sha256:" + to_hex(document.file.digest)}});
  return list;
}

/// The provenance in its file; nothing where none was asked for.
struct WrittenProvenance {
  std::filesystem::path path;
  Sha256Digest digest;
};

/// What was written beside the outputs.
struct WrittenCompanions {
  std::vector<WrittenSbom> sboms;
  std::optional<WrittenProvenance> provenance;
};

nlohmann::ordered_json provenance_json(const std::optional<WrittenProvenance>& provenance) {
  if (!provenance) return nullptr;
  return {{"dest", provenance->path.string()},
          {"media_type", statement_type},
          {"digest", "sha256:" + to_hex(provenance->digest)}};
}

nlohmann::ordered_json result_json(const BuildResult& result, const std::vector<Output>& outputs,
                                   const WrittenCompanions& companions) {
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
  nlohmann::ordered_json written = nlohmann::ordered_json::array();
  for (const Output& output : outputs) written.push_back(output_json(output, result.images));
  return {{"digest", "sha256:" + to_hex(digest_of(result.images))},
          {"tag", result.images.tag},
          {"output", written.front()["dest"]},
          {"outputs", written},
          {"images", std::move(images)},
          {"sboms", sboms_json(companions.sboms)},
          {"provenance", provenance_json(companions.provenance)},
          {"scripts", std::move(scripts)},
          {"seconds", std::move(passes)}};
}

void set_fakeroot_file(std::vector<WrittenOutput>& written, const std::string& file) {
  std::vector<WrittenOutput*> directories;
  for (WrittenOutput& one : written)
    if (one.output.type == OutputType::directory) directories.push_back(&one);
  if (directories.size() != 1)
    throw Error(ErrorKind::usage,
                fmt::format("--fakeroot-db belongs to an output of type dir, but there {}",
                            directories.empty() ? "is none" : "are several"))
        .hint("write -o type=dir,dest=FOLDER,fakeroot-db=FILE");
  directories.front()->output.fakeroot_file = file;
}

/// All outputs a person asked for: OUTPUT, those of -o, or else the archive NAME.tar.
std::vector<WrittenOutput> written_outputs(const BuildCommandOptions& options,
                                           const std::string& stem) {
  std::vector<WrittenOutput> written;
  if (!options.output.empty()) written.push_back(parse_output(options.output));
  for (const std::string& output : options.outputs) written.push_back(parse_output(output));
  if (written.empty()) written.push_back(parse_output("./" + stem + ".tar"));
  if (!options.fakeroot_file.empty()) set_fakeroot_file(written, options.fakeroot_file);
  return written;
}

/// Standard output carries either the image or what is said of it.
void check_standard_output(const BuildCommandOptions& options) {
  if (options.json)
    throw Error(ErrorKind::usage, "--json and an output both want standard output")
        .hint("give the output a file");
  if (::isatty(STDOUT_FILENO) != 0)
    throw Error(ErrorKind::usage, "an image is not written to a terminal")
        .hint("send standard output to a file or a program");
}

void write_outputs(const std::vector<Output>& outputs, const Images& images,
                   const OutputSettings& settings, const Context& context) {
  const Span pass(context.progress, pass_category, "write");
  for (const Output& output : outputs) {
    const Span span(context.progress, "write", output.place.name());
    for (const std::string& loss : write_output(output, images, settings, context.stop))
      context.progress.note(NoteLevel::warning, output.place.name() + ": " + loss);
  }
}

/// Writes the SBOMs beside the first output.
std::vector<WrittenSbom> write_sboms(const Images& images, const std::filesystem::path& stem,
                                     const SbomSettings& settings, const Context& context) {
  if (settings.formats.empty()) return {};
  const Span pass(context.progress, pass_category, "sbom");
  Images named = images;
  named.tag = Reference::parse(images.tag).familiar();
  std::vector<WrittenSbom> written;
  for (SbomDocument& document : describe_images(named, settings, context.progress, context.stop)) {
    const auto path = sbom_path(stem, document);
    write_file(path, document.file.text);
    context.progress.note(NoteLevel::info, "wrote " + path.string());
    written.push_back({path, std::move(document)});
  }
  return written;
}

/// Writes the provenance beside the first output, or where it is wanted.
std::optional<WrittenProvenance> write_statement(const Images& images, const RecordedBuild& build,
                                                 const ProvenanceOptions& options,
                                                 const std::filesystem::path& stem,
                                                 const Context& context) {
  if (!options.is_wanted) return std::nullopt;
  const auto path = provenance_path(options, stem);
  const JsonBlob statement = provenance_of(build, options, built_subjects(images));
  if (!options.place.empty() && path != options.place) make_directories(path.parent_path());
  write_file(path, statement.text);
  context.progress.note(NoteLevel::info, "wrote " + path.string());
  return WrittenProvenance{path, statement.digest};
}

void run_build(BuildCommandOptions options, const Context& context) {
  RepositoryAccess access(options.repositories.network, context);
  RegistryAccess registries(options.registry, options.repositories.network.ca_file, context);
  const std::string stem = options.recipe.recipe.stem().string();
  if (options.tag.empty()) options.tag = stem + ":latest";
  Reference::parse(options.tag);
  const auto written = written_outputs(options, stem);
  SbomSettings sbom_settings;
  if (options.sbom.is_wanted()) sbom_settings.formats = parse_sbom_formats(options.sbom.formats);
  const bool is_taken = takes_standard_output(written);
  if (is_taken) check_standard_output(options);

  const Recipe recipe = access.load(options.recipe);
  BuildOptions build_options;
  build_options.resolve = resolve_options(options.repositories, context.options);
  const auto outputs = plan_outputs(written, choose_architectures(recipe, build_options.resolve),
                                    options.tag, recipe.compression.codec);
  apk::Fetcher fetcher = access.fetcher(recipe);
  build_options.resolve.open_repository = registries.opener();
  build_options.tag = options.tag;
  build_options.annotations = parse_annotations(options.annotations);
  build_options.source_date_epoch = source_date_epoch();
  build_options.scratch = access.store().folder();
  build_options.lock = choose_lock({options.recipe, recipe, build_options.resolve},
                                   options.repositories.lock, fetcher, context);
  const bool has_lock_file = build_options.lock != nullptr;
  if (options.provenance.is_wanted)
    build_options.lock =
        recorded_lock(build_options.lock, recipe, build_options.resolve, fetcher, context);
  build_options.package_sboms = options.sbom.package_sboms();
  sbom_settings.scratch = build_options.scratch;
  BuildResult result = build(recipe, build_options, fetcher, context.progress, context.stop);

  const auto start = std::chrono::steady_clock::now();
  write_outputs(outputs, result.images, {build_options.resolve.threads, build_options.scratch},
                context);
  const auto described = std::chrono::steady_clock::now();
  result.passes.push_back({"write", described - start});
  const auto beside = path_beside(written.front(), stem);
  WrittenCompanions companions;
  companions.sboms = write_sboms(result.images, beside, sbom_settings, context);
  companions.provenance =
      write_statement(result.images, {options.recipe, recipe, build_options, has_lock_file},
                      options.provenance, beside, context);
  if (!companions.sboms.empty())
    result.passes.push_back({"sbom", std::chrono::steady_clock::now() - described});

  note_scripts(result.scripts, context.progress);
  summarise(result, outputs, context.progress);
  const std::string digest = "sha256:" + to_hex(digest_of(result.images));
  if (options.json)
    print_json(context, result_json(result, outputs, companions));
  else if (is_taken)
    context.progress.note(NoteLevel::info, digest);
  else
    context.out << digest << '\n';
}

}  // namespace

void add_build_command(Commands& commands) {
  auto options = std::make_shared<BuildCommandOptions>();
  CLI::App& command = commands.add(
      commands.root(), "build", "Build an image from a recipe; print its digest",
      "  tarn build base.yaml\n"
      "  tarn build base.yaml registry.example.org/base:3.22 base.tar && podman load -i base.tar\n"
      "  tarn build base.yaml base:latest layout/        # an OCI image layout\n"
      "  tarn build base.yaml -o base.tar -o base.tar.gz -o type=dir,dest=rootfs\n"
      "  tarn build base.yaml base:latest -o - | podman load\n"
      "  tarn build base.yaml --arch x86_64,aarch64 --var "
      "mirror=https://mirror.example.org/alpine\n");
  add_recipe_options(command, options->recipe);
  add_compression_option(command, options->recipe);
  command.add_option("TAG", options->tag, "Name of the image (default: the recipe's, :latest)")
      ->option_text(" ");
  command
      .add_option("OUTPUT", options->output,
                  "An archive (default: NAME.tar), or a folder (existing, or ending in '/') for an "
                  "OCI image layout; what the name of -o says")
      ->option_text(" ");
  command
      .add_option("-o,--output", options->outputs,
                  "Where to write the image, and as what: a PATH whose name says the type, or "
                  "type=TYPE,dest=PATH; '-' is standard output, {arch} each architecture's name "
                  "(may be repeated; see docs/outputs.md)")
      ->option_text("OUTPUT")
      ->allow_extra_args(false);
  command
      .add_option("--fakeroot-db", options->fakeroot_file,
                  "Record owners, modes and device nodes of an output of type dir for fakeroot -i")
      ->option_text("FILE");
  add_repository_options(command, options->repositories);
  add_locked_option(command, options->repositories);
  add_same_versions_option(command, options->repositories);
  add_registry_options(command, options->registry);
  command
      .add_option("--annotation,--annotations", options->annotations,
                  "An annotation for manifest, index and labels (may be repeated)")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  add_sbom_options(command, options->sbom, "Write SBOMs beside the output, OUTPUT.ARCH.spdx.json");
  add_provenance_file_options(command, options->provenance);
  command.add_flag("--json", options->json, "Print digests, sizes and times as JSON");
  commands.on(command, [options](const Context& context) { run_build(*options, context); });
}

}  // namespace tarn::builder
