#include <memory>
#include <optional>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "builder/cli/commands.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/registry_options.h"
#include "builder/image/json.h"
#include "builder/read_image.h"
#include "builder/report/run_recorder.h"
#include "builder/sink/sink.h"
#include "builder/terminal/format_size.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

struct PullOptions {
  std::string reference;
  std::string destination;
  RepositoryOptions repositories;
  RegistryOptions registry;
};

void run_pull(const PullOptions& options, const Context& context) {
  const SourceReference reference = SourceReference::parse(options.reference);
  const bool is_layout =
      options.destination.ends_with('/') || fs::is_directory(options.destination);
  const std::string tag = reference.name.familiar();
  if (is_layout) check_layout(options.destination, tag);
  RepositoryAccess access(options.repositories.network, context);
  RegistryAccess registries(options.registry, options.repositories.network.ca_file, context);
  const auto source = open_repository(registries.world(), reference);
  const auto wanted = resolve_options(options.repositories, context.options).architectures;
  std::optional<Span> pass;
  pass.emplace(context.progress, pass_category, "pull");
  Images images = read_images(*source, wanted, access.store().folder(), context.stop);
  images.tag = tag;
  pass.emplace(context.progress, pass_category, "write");
  if (is_layout)
    write_layout(images, options.destination, context.stop);
  else
    write_archive(images, fs::path(options.destination), context.stop);
  pass.reset();
  for (const Image& image : images.images) {
    std::uint64_t size = 0;
    for (const Layer& layer : image.layers) size += layer.size;
    context.progress.note(
        NoteLevel::info,
        fmt::format("{}: {} in {} {}", image.architecture.platform(), format_size(size),
                    image.layers.size(), image.layers.size() == 1 ? "layer" : "layers"));
  }
  context.out << digest_text(digest_of(images)) << '\n';
}

}  // namespace

void add_pull_command(Commands& commands) {
  auto options = std::make_shared<PullOptions>();
  CLI::App& command = commands.add(
      commands.root(), "pull", "Bring an image from a registry into a file or a folder",
      "  tarn pull registry.example.org/team/base:3.22 base/     # an OCI image layout\n"
      "  tarn pull --arch aarch64 registry.example.org/team/base base.tar\n"
      "  tarn pull localhost:5000/base@sha256:4f53…  base.tar");
  command.add_option("REF", options->reference, "[REGISTRY/]NAME[:TAG][@sha256:…]")
      ->required()
      ->option_text(" ");
  command
      .add_option("DEST", options->destination,
                  "An archive, or a folder (existing, or ending in '/') for an OCI image layout")
      ->required()
      ->option_text(" ");
  command
      .add_option("--arch", options->repositories.architectures,
                  "Only the images for these architectures, separated by commas (default: all)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("ARCH");
  add_network_options(command, options->repositories.network);
  add_registry_options(command, options->registry);
  commands.on(command, [options](const Context& context) { run_pull(*options, context); });
}

}  // namespace tarn::builder
