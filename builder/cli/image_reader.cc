#include "builder/cli/image_reader.h"

#include <filesystem>

#include <CLI/CLI.hpp>

#include "builder/base_image.h"
#include "builder/build.h"
#include "builder/cli/lock_use.h"
#include "builder/cli/source_date_epoch.h"
#include "builder/read_image.h"

namespace tarn::builder {

void add_image_reader_options(CLI::App& command, ImageReaderOptions& options) {
  add_recipe_settings(command, options.recipe);
  add_repository_options(command, options.repositories);
  add_locked_option(command, options.repositories);
  add_registry_options(command, options.registry);
}

bool names_recipe(const std::string& name) {
  return name.ends_with(".yaml") || name.ends_with(".yml");
}

ImageReader::ImageReader(const ImageReaderOptions& options, const Context& context)
    : options_(options),
      context_(context),
      access_(options.repositories.network, context),
      registries_(options.registry, options.repositories.network.ca_file, context) {}

Images ImageReader::read(const std::string& name) {
  if (names_recipe(name)) {
    RecipeBuild how;
    how.lock = options_.repositories.lock;
    return build_recipe(name, how);
  }
  const OpenedImage opened = open(name);
  Images images = read_images(
      *opened.source, resolve_options(options_.repositories, context_.options).architectures,
      access_.store().folder(), context_.stop);
  images.tag = opened.name;
  return images;
}

Images ImageReader::build_recipe(const std::filesystem::path& path, const RecipeBuild& how) {
  RecipeOptions recipe_options = options_.recipe;
  recipe_options.recipe = path;
  const Recipe recipe = access_.load(recipe_options);
  apk::Fetcher fetcher = access_.fetcher(recipe);
  BuildOptions build_options;
  build_options.resolve = resolve_options(options_.repositories, context_.options);
  if (!how.architectures.empty()) build_options.resolve.architectures = how.architectures;
  build_options.resolve.open_repository = registries_.opener();
  build_options.tag = path.stem().string() + ":latest";
  build_options.annotations = how.annotations;
  build_options.source_date_epoch = source_date_epoch();
  build_options.scratch = access_.store().folder();
  build_options.package_sboms = how.package_sboms;
  build_options.products = how.products;
  build_options.lock =
      choose_lock({recipe_options, recipe, build_options.resolve}, how.lock, fetcher, context_);
  return build(recipe, build_options, fetcher, context_.progress, context_.stop).images;
}

Rootfs ImageReader::unpack_tree(const Image& image) {
  return unpack_layers(image.layers, access_.store().folder(), context_.stop);
}

UnpackedImage ImageReader::unpack(const Image& image) {
  UnpackedImage unpacked;
  unpacked.rootfs = unpack_tree(image);
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

}  // namespace tarn::builder
