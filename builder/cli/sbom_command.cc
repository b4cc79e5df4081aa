#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/support/file.h"
#include "builder/cli/commands.h"
#include "builder/cli/opened_image.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/registry_options.h"
#include "builder/cli/sbom_options.h"
#include "builder/image_sbom.h"
#include "builder/read_image.h"
#include "builder/registry/reference.h"
#include "builder/report/run_recorder.h"

namespace tarn::builder {
namespace {

/// What --arch names the index by.
constexpr const char* index_name = "index";

struct SbomCommandOptions {
  std::string image;
  std::string formats = "spdx";
  std::string output;
  RepositoryOptions repositories;
  RegistryOptions registry;

  bool is_folder() const {
    std::error_code absent;
    return output.ends_with('/') || std::filesystem::is_directory(output, absent);
  }
};

void check_single(const SbomCommandOptions& options, std::size_t formats) {
  if (formats > 1)
    throw Error(ErrorKind::usage, "one file holds one format, but several are asked for")
        .hint("write them all with -o FOLDER/");
  if (options.repositories.architectures.size() > 1)
    throw Error(ErrorKind::usage, "one file is about one architecture, but several are asked for")
        .hint("write them all with -o FOLDER/");
}

void check_one_image(const Images& images, const std::string& text) {
  if (images.images.size() == 1) return;
  Error error(ErrorKind::usage, text + " is for several architectures");
  for (const Image& image : images.images) error.detail("there is one for", image.architecture.apk);
  throw error.hint("choose one with --arch, or --arch index, or write all with -o FOLDER/");
}

/// The name of the files in a folder, without what tells them apart.
std::string stem_of(const std::string& name) {
  if (name.empty()) return "image";
  const std::string path = SourceReference::parse(name).name.path;
  return path.substr(path.rfind('/') + 1);
}

void write_all(const SbomCommandOptions& options, const std::string& name,
               const std::vector<SbomDocument>& documents, const Context& context) {
  make_directories(options.output);
  for (const SbomDocument& document : documents) {
    const auto path = sbom_path(std::filesystem::path(options.output) / stem_of(name), document);
    write_file(path, document.file.text);
    context.out << path.string() << '\n';
  }
}

void run_sbom(SbomCommandOptions options, const Context& context) {
  SbomSettings settings;
  settings.formats = parse_sbom_formats(options.formats);
  if (!options.is_folder()) check_single(options, settings.formats.size());
  std::vector<std::string>& wanted = options.repositories.architectures;
  const bool has_index = std::erase(wanted, index_name) != 0;

  RepositoryAccess access(options.repositories.network, context);
  RegistryAccess registries(options.registry, options.repositories.network.ca_file, context);
  const OpenedImage opened = open_image(options.image, registries.world());
  settings.scratch = access.store().folder();
  const Span pass(context.progress, pass_category, "sbom");
  Images images = read_images(*opened.source,
                              resolve_options(options.repositories, context.options).architectures,
                              settings.scratch, context.stop);
  images.tag = opened.name;
  if (has_index)
    settings.index = IndexSbom::always;
  else if (!wanted.empty())
    settings.index = IndexSbom::never;
  if (!options.is_folder() && !has_index) check_one_image(images, options.image);

  const auto documents = describe_images(images, settings, context.progress, context.stop);
  if (options.is_folder()) return write_all(options, opened.name, documents, context);
  const std::string& text = (has_index ? documents.back() : documents.front()).file.text;
  if (options.output.empty() || options.output == "-")
    context.out << text;
  else
    write_file(options.output, text);
}

}  // namespace

void add_sbom_command(Commands& commands) {
  auto options = std::make_shared<SbomCommandOptions>();
  CLI::App& command = commands.add(
      commands.root(), "sbom", "Print a bill of materials (SBOM) of an image: SPDX or CycloneDX",
      "  tarn sbom base.tar\n"
      "  tarn sbom layout/ --arch aarch64 --format cyclonedx -o base.cdx.json\n"
      "  tarn sbom registry.example.org/team/base:3.22 --format spdx,cyclonedx -o sboms/");
  command
      .add_option("IMAGE", options->image,
                  "An OCI image layout (a folder, or an archive), or "
                  "[docker://][REGISTRY/]NAME[:TAG][@sha256:…] of a registry")
      ->required()
      ->option_text(" ");
  command
      .add_option("--format", options->formats,
                  "spdx (SPDX 2.3, the default) or cyclonedx (CycloneDX 1.6); into a folder "
                  "several, separated by commas")
      ->option_text("FORMAT");
  command
      .add_option("--arch", options->repositories.architectures,
                  "The architecture whose image is described, or 'index' (default: the only one; "
                  "into a folder all and the index)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("ARCH");
  command
      .add_option("-o,--output", options->output,
                  "A file, or a folder (existing, or ending in '/') for NAME.ARCH.spdx.json and so "
                  "on (default: standard output)")
      ->option_text("OUTPUT");
  add_network_options(command, options->repositories.network);
  add_registry_options(command, options->registry);
  commands.on(command, [options](const Context& context) { run_sbom(*options, context); });
}

}  // namespace tarn::builder
