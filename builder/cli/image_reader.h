#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apk/database/installed.h"
#include "apk/fetch/store.h"
#include "apk/model/architecture.h"
#include "builder/cli/command.h"
#include "builder/cli/opened_image.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/registry_options.h"
#include "builder/image/image.h"
#include "builder/image/json.h"
#include "builder/rootfs/rootfs.h"
#include "builder/sbom/package_sboms.h"
#include "builder/sink/sink.h"

namespace tarn::builder {

/// What a person may name where a command takes an image of any kind.
inline constexpr const char* image_kinds =
    "a recipe (.yaml), a layout's folder, an archive, or an image of a registry";

/// The options of every command that takes images of any kind.
struct ImageReaderOptions {
  RecipeOptions recipe;  ///< for those named by recipes; its own path is not looked at
  RepositoryOptions repositories;
  RegistryOptions registry;
};

/// Declares all of them but what names the image.
void add_image_reader_options(CLI::App& command, ImageReaderOptions& options);

/// One architecture of an image, unpacked.
struct UnpackedImage {
  Rootfs rootfs;
  std::vector<apk::InstalledPackage> packages;  ///< as its database lists them
  Json config;
  Json manifest;
  std::uint64_t size = 0;           ///< of its layers, compressed
  std::uint64_t unpacked_size = 0;  ///< of their tars
};

/// How a recipe is built, besides what the options say.
struct RecipeBuild {
  std::vector<apk::Architecture> architectures;  ///< empty: as the options or the recipe say
  LockUse lock = LockUse::automatic;
  std::map<std::string, std::string> annotations;  ///< over the recipe's
  PackageSboms package_sboms = PackageSboms::left_out;
  apk::Store* products = nullptr;  ///< as BuildOptions::products
};

/// Whether an image is named by a recipe: a .yaml or .yml file.
bool names_recipe(const std::string& name);

/// Brings images, by whatever they are named, and unpacks them.
class ImageReader {
 public:
  /// Refers to both for as long as it is used.
  ImageReader(const ImageReaderOptions& options, const Context& context);

  /// A recipe's are built, from its lock where that is to be used. Throws as build(), open_image()
  /// and read_images() do.
  Images read(const std::string& name);
  Images build_recipe(const std::filesystem::path& path, const RecipeBuild& how);
  /// An image that is there. The reader must outlive it.
  OpenedImage open(const std::string& name) { return open_image(name, registries_.world()); }
  UnpackedImage unpack(const Image& image);
  /// The tree alone, whatever its database is.
  Rootfs unpack_tree(const Image& image);
  RepositoryAccess& access() { return access_; }
  RegistryWorld world() { return registries_.world(); }

 private:
  const ImageReaderOptions& options_;
  const Context& context_;
  RepositoryAccess access_;
  RegistryAccess registries_;
};

}  // namespace tarn::builder
