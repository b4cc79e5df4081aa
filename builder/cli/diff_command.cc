#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/database/installed.h"
#include "builder/base_image.h"
#include "builder/build.h"
#include "builder/cli/commands.h"
#include "builder/cli/opened_image.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/registry_options.h"
#include "builder/cli/source_date_epoch.h"
#include "builder/image/descriptors.h"
#include "builder/read_image.h"
#include "builder/report/image_difference_text.h"
#include "builder/report/run_recorder.h"

namespace tarn::builder {
namespace {

struct DiffOptions {
  RecipeOptions before;
  std::string after;
  RepositoryOptions repositories;
  RegistryOptions registry;
  bool json = false;
  bool markdown = false;
  bool files = false;
};

/// One architecture of an image, unpacked.
struct UnpackedImage {
  Rootfs rootfs;
  std::vector<apk::InstalledPackage> packages;
  Json config;
  Json manifest;
  std::uint64_t size = 0;
  std::uint64_t unpacked_size = 0;

  ComparedImage compared() const {
    return {rootfs, packages, config, manifest, size, unpacked_size};
  }
};

/// Brings images, by whatever they are named, and unpacks them.
class ImageReader {
 public:
  ImageReader(const DiffOptions& options, const Context& context)
      : options_(options),
        context_(context),
        access_(options.repositories.network, context),
        registries_(options.registry, options.repositories.network.ca_file, context) {}

  Images read(const std::string& name) {
    const std::filesystem::path path(name);
    const bool is_recipe = path.extension() == ".yaml" || path.extension() == ".yml";
    if (is_recipe) return build_recipe(path);
    const OpenedImage opened = open_image(name, registries_.world());
    return read_images(*opened.source,
                       resolve_options(options_.repositories, context_.options).architectures,
                       access_.store().folder(), context_.stop);
  }

  UnpackedImage unpack(const Image& image) {
    UnpackedImage unpacked;
    unpacked.rootfs = unpack_layers(image.layers, access_.store().folder(), context_.stop);
    if (const auto text = unpacked.rootfs.read_file("lib/apk/db/installed"))
      unpacked.packages = apk::parse_installed(*text, "lib/apk/db/installed");
    unpacked.config = Json::parse(image.config.text);
    unpacked.manifest = Json::parse(image.manifest.text);
    for (const Layer& layer : image.layers) {
      unpacked.size += layer.size;
      unpacked.unpacked_size += layer.tar_size;
    }
    return unpacked;
  }

 private:
  Images build_recipe(const std::filesystem::path& path) {
    RecipeOptions recipe_options = options_.before;
    recipe_options.recipe = path;
    const Recipe recipe = access_.load(recipe_options);
    apk::Fetcher fetcher = access_.fetcher(recipe);
    BuildOptions build_options;
    build_options.resolve = resolve_options(options_.repositories, context_.options);
    build_options.resolve.open_repository = registries_.opener();
    build_options.tag = path.stem().string() + ":latest";
    build_options.source_date_epoch = source_date_epoch();
    build_options.scratch = access_.store().folder();
    return build(recipe, build_options, fetcher, context_.progress, context_.stop).images;
  }

  const DiffOptions& options_;
  const Context& context_;
  RepositoryAccess access_;
  RegistryAccess registries_;
};

const Image* find_image(const Images& images, const apk::Architecture& architecture) {
  const auto found = std::ranges::find(images.images, architecture, &Image::architecture);
  return found != images.images.end() ? &*found : nullptr;
}

void print_difference(const DiffOptions& options, const std::string& platform,
                      const ImageDifference& difference, std::ostream& out) {
  const auto listed = options.files ? ListedFiles::all : ListedFiles::unexplained;
  if (options.markdown)
    out << fmt::format(
        "### {}\n\n{}\n", platform,
        difference.empty() ? "no difference\n" : difference_markdown(difference, listed));
  else
    out << platform << (difference.empty() ? ": no difference\n" : "\n")
        << (difference.empty() ? std::string() : difference_text(difference, listed));
}

void run_diff(const DiffOptions& options, const Context& context) {
  if (options.json && options.markdown)
    throw Error(ErrorKind::usage, "--json and --markdown are two forms of one report");
  const std::string before_name = options.before.recipe.string();
  ImageReader reader(options, context);
  const Images before = reader.read(before_name);
  const Images after = reader.read(options.after);
  const Span pass(context.progress, pass_category, "compare");
  nlohmann::ordered_json json = {{"before", before_name},
                                 {"after", options.after},
                                 {"images", nlohmann::ordered_json::array()}};
  std::size_t compared = 0;
  for (const Image* old : by_platform(before.images)) {
    const Image* now = find_image(after, old->architecture);
    if (now == nullptr) continue;
    ++compared;
    const UnpackedImage left = reader.unpack(*old);
    const UnpackedImage right = reader.unpack(*now);
    const ImageDifference difference = compare_images(left.compared(), right.compared());
    const std::string platform = old->architecture.platform();
    if (options.json) {
      json["images"].push_back({{"platform", platform}});
      json["images"].back().update(difference_json(difference));
    } else {
      print_difference(options, platform, difference, context.out);
    }
  }
  const auto note_missing = [&](const Images& from, const Images& in, const std::string& name) {
    for (const Image& image : from.images)
      if (find_image(in, image.architecture) == nullptr)
        context.progress.note(NoteLevel::warning, fmt::format("{} has no image for {}", name,
                                                              image.architecture.platform()));
  };
  note_missing(before, after, options.after);
  note_missing(after, before, before_name);
  if (compared == 0) throw Error(ErrorKind::failed, "the two have no architecture in common");
  if (options.json) print_json(context, std::move(json));
}

}  // namespace

void add_diff_command(Commands& commands) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App& command = commands.add(
      commands.root(), "diff", "Show what differs in two images: packages, files, config, sizes",
      "  tarn diff registry.example.org/team/base:3.22 base.yaml\n"
      "  tarn diff old.tar new.tar --files\n"
      "  tarn diff main/base.yaml base.yaml --arch x86_64 --markdown >>\"$GITHUB_STEP_SUMMARY\"");
  const std::string kinds =
      "a recipe (.yaml), a layout's folder, an archive, or an image of a registry";
  command.add_option("BEFORE", options->before.recipe, "The older: " + kinds)
      ->required()
      ->option_text(" ");
  command.add_option("AFTER", options->after, "The newer: the same")->required()->option_text(" ");
  add_recipe_settings(command, options->before);
  add_repository_options(command, options->repositories);
  add_registry_options(command, options->registry);
  command.add_flag("--files", options->files,
                   "List all files, also those of packages that changed");
  command.add_flag("--markdown", options->markdown, "Print Markdown, for a pull request");
  command.add_flag("--json", options->json, "Print everything as JSON");
  commands.on(command, [options](const Context& context) { run_diff(*options, context); });
}

}  // namespace tarn::builder
