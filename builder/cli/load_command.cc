#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "builder/build.h"
#include "builder/cli/build_options.h"
#include "builder/cli/commands.h"
#include "builder/cli/lock_use.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/registry_options.h"
#include "builder/cli/script_reports.h"
#include "builder/cli/source_date_epoch.h"
#include "builder/image/json.h"
#include "builder/registry/reference.h"
#include "builder/sink/container_tools.h"

namespace tarn::builder {
namespace {

struct LoadCommandOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  RegistryOptions registry;
  std::string tag;
  std::string into;
  std::vector<std::string> flags;
  std::vector<std::string> annotations;
};

/// A tool runs what fits this machine: of the recipe's architectures that one where it is among
/// them.
std::vector<apk::Architecture> architectures_to_load(const Recipe& recipe) {
  const apk::Architecture host = apk::Architecture::host();
  const bool lists_host = std::ranges::any_of(recipe.archs, [&](const Located& name) {
    return apk::Architecture::parse(name.text) == host;
  });
  if (recipe.archs.empty() || lists_host) return {host};
  return {};
}

void note_lines(const std::string& text, Progress& progress) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end != 0) progress.note(NoteLevel::info, std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void run_load(LoadCommandOptions options, const Context& context) {
  // Behind "--" everything is a position; no tag begins with '-'.
  if (options.tag.starts_with('-'))
    options.flags.insert(options.flags.begin(), std::exchange(options.tag, {}));
  if (options.tag.empty()) options.tag = options.recipe.recipe.stem().string() + ":latest";
  Reference::parse(options.tag);
  const ContainerTool tool = find_container_tool(options.into, options.flags, context.stop);

  RepositoryAccess access(options.repositories.network, context);
  RegistryAccess registries(options.registry, options.repositories.network.ca_file, context);
  const Recipe recipe = access.load(options.recipe);
  apk::Fetcher fetcher = access.fetcher(recipe);
  BuildOptions build_options;
  build_options.resolve = resolve_options(options.repositories, context.options);
  if (build_options.resolve.architectures.empty())
    build_options.resolve.architectures = architectures_to_load(recipe);
  build_options.resolve.open_repository = registries.opener();
  build_options.tag = options.tag;
  build_options.annotations = parse_annotations(options.annotations);
  build_options.source_date_epoch = source_date_epoch();
  build_options.scratch = access.store().folder();
  build_options.lock = choose_lock({options.recipe, recipe, build_options.resolve},
                                   options.repositories.lock, fetcher, context);
  const BuildResult result = build(recipe, build_options, fetcher, context.progress, context.stop);
  note_scripts(result.scripts, context.progress);

  const ProgramSaid said = with_context(
      fmt::format("loading {} into {}", options.tag, name_of(tool)),
      [&] { return load_images(tool, result.images, build_options.scratch, context.stop); });
  note_lines(said.output, context.progress);
  note_lines(said.errors, context.progress);
  context.progress.note(NoteLevel::info,
                        fmt::format("loaded {} into {}", options.tag, name_of(tool)));
  context.out << digest_text(digest_of(result.images)) << '\n';
}

}  // namespace

void add_load_command(Commands& commands) {
  auto options = std::make_shared<LoadCommandOptions>();
  CLI::App& command = commands.add(
      commands.root(), "load",
      "Build an image from a recipe and hand it to docker, podman, containerd or kind",
      "  tarn load base.yaml\n"
      "  tarn load base.yaml team/base:1.2 --into podman && podman run --rm team/base:1.2\n"
      "  tarn load base.yaml --into kind:testing\n"
      "  tarn load base.yaml base:latest --into containerd -- --namespace k8s.io");
  add_recipe_options(command, options->recipe);
  add_compression_option(command, options->recipe);
  command.add_option("TAG", options->tag, "Name of the image (default: the recipe's, :latest)")
      ->option_text(" ");
  command
      .add_option("FLAGS", options->flags,
                  "Behind --: flags for the tool, put before its command (of kind: after it)")
      ->option_text(" ");
  command
      .add_option("--into", options->into,
                  "docker, podman, containerd (nerdctl or ctr) or kind[:CLUSTER] (default: the "
                  "first of docker, podman and containerd that answers)")
      ->option_text("TOOL");
  add_repository_options(command, options->repositories);
  add_locked_option(command, options->repositories);
  add_same_versions_option(command, options->repositories);
  add_registry_options(command, options->registry);
  add_annotation_option(command, options->annotations);
  commands.on(command, [options](const Context& context) { run_load(*options, context); });
}

}  // namespace tarn::builder
