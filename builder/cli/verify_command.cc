#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/fetch/store.h"
#include "apk/support/file.h"
#include "builder/cli/build_options.h"
#include "builder/cli/commands.h"
#include "builder/cli/image_reader.h"
#include "builder/cli/image_signatures.h"
#include "builder/cli/lock_use.h"
#include "builder/image/descriptors.h"
#include "builder/image/json.h"
#include "builder/read_image.h"
#include "builder/registry/kept_source.h"
#include "builder/report/json_difference.h"
#include "builder/report/run_recorder.h"
#include "builder/report/verification_text.h"

namespace tarn::builder {
namespace {

struct VerifyOptions {
  std::string image;
  std::filesystem::path recipe;  ///< to compare with; of a recipe itself that
  ImageReaderOptions reader;
  SignatureOptions signature;
  std::vector<std::string> annotations;
  bool has_package_sboms = false;
  bool lists_unowned = false;
  bool json = false;
};

/// The images that are verified, and how far they could be read.
struct ReadImages {
  std::vector<Image> images;
  std::optional<JsonBlob> index;  ///< their own
};

/// How the recipe is built to be compared with: from its lock, unless that is to be ignored.
RecipeBuild recipe_build(const VerifyOptions& options) {
  RecipeBuild how;
  const LockUse use = options.reader.repositories.lock;
  how.lock = use == LockUse::automatic ? LockUse::required : use;
  how.annotations = parse_annotations(options.annotations);
  how.package_sboms = options.has_package_sboms ? PackageSboms::written : PackageSboms::left_out;
  return how;
}

/// Builds everything anew of packages alone, in a store of its own.
Images rebuild(ImageReader& reader, const VerifyOptions& options,
               std::vector<apk::Architecture> architectures) {
  const TemporaryDirectory folder(reader.access().store().temporary_folder_prefix());
  apk::Store products(folder.path());
  RecipeBuild how = recipe_build(options);
  how.architectures = std::move(architectures);
  how.products = &products;
  return reader.build_recipe(options.recipe, how);
}

/// Reads an image that is there, as far as can be: what is wrong with its blobs goes into the
/// verification.
ReadImages read_existing(ImageReader& reader, const VerifyOptions& options, const Context& context,
                         Verification& verification) {
  const Span pass(context.progress, pass_category, "read");
  const OpenedImage opened = reader.open(options.image);
  KeptSource source(*opened.source);
  const std::filesystem::path scratch = reader.access().store().folder();
  auto architectures = resolve_options(options.reader.repositories, context.options).architectures;
  verification.blobs = check_blobs(source, architectures, scratch, context.stop);

  ReadImages read;
  ImageTop top;
  try {
    top = read_top(source);
  } catch (const Error& error) {
    // That is what it was found to be; else it is none of an image's.
    if (verification.blobs.faults.empty()) throw;
    return read;
  }
  const bool is_all = architectures.empty();
  if (is_all) architectures = top.architectures;
  if (architectures.empty() && verification.blobs.faults.empty())
    throw Error(ErrorKind::failed, source.name() + " has no image for a platform known here");
  for (const apk::Architecture& architecture : architectures) {
    try {
      read.images.push_back(read_image(source, architecture, scratch, context.stop));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      if (!is_all && verification.blobs.faults.empty()) throw;
      VerifiedImage& image = verification.images.emplace_back();
      image.platform = architecture.platform();
      image.unreadable = error.message();
    }
  }
  if (is_all && read.images.size() > 1) read.index = own_index(top, read.images);
  return read;
}

const Image* find_image(const std::vector<Image>& images, const apk::Architecture& architecture) {
  const auto found = std::ranges::find(images, architecture, &Image::architecture);
  return found != images.end() ? &*found : nullptr;
}

/// Compares an image with what its recipe gives.
void compare_with_recipe(ImageReader& reader, const Image& rebuilt, const Image& image,
                         const std::vector<apk::InstalledPackage>& packages,
                         const std::stop_token& stop, VerifiedImage& verified) {
  verified.rebuilt = compare_rebuilt(rebuilt, image, stop);
  const bool is_to_explain =
      !verified.packages.is_sound() || !verified.packages.configuration.empty();
  if (!is_to_explain && verified.rebuilt->layers.records.empty()) return;
  const UnpackedImage unpacked = reader.unpack(rebuilt);
  name_packages(verified.rebuilt->layers.records, packages);
  name_packages(verified.rebuilt->layers.records, unpacked.packages);
  set_aside_recipes(verified, check_packages(unpacked.rootfs, image.architecture));
}

/// The database's packages; none where it cannot be read, which is reported already.
UnpackedImage unpack(ImageReader& reader, const Image& image) {
  UnpackedImage unpacked;
  unpacked.rootfs = reader.unpack_tree(image);
  if (const auto text = unpacked.rootfs.read_file("lib/apk/db/installed")) try {
      unpacked.packages = apk::parse_installed(*text, "lib/apk/db/installed");
    } catch (const Error&) {
      unpacked.packages.clear();
    }
  return unpacked;
}

void compare_indexes(const JsonBlob& recipes, const JsonBlob& index, Verification& verification) {
  if (recipes.digest == index.digest) return;
  verification.index = compare_json(Json::parse(recipes.text), Json::parse(index.text));
  verification.rewritten_index =
      verification.index.empty() &&
      std::ranges::all_of(verification.images, [](const VerifiedImage& image) {
        return image.rebuilt && image.rebuilt->empty();
      });
}

void verify_images(ImageReader& reader, const VerifyOptions& options, const ReadImages& read,
                   const Context& context, Verification& verification) {
  std::optional<Images> rebuilt;
  if (!options.recipe.empty() && !read.images.empty()) {
    std::vector<apk::Architecture> architectures;
    for (const Image& image : read.images) architectures.push_back(image.architecture);
    rebuilt = rebuild(reader, options, std::move(architectures));
  }
  const Span pass(context.progress, pass_category, "verify");
  for (const Image* image : by_platform(read.images)) {
    VerifiedImage verified;
    verified.platform = image->architecture.platform();
    verified.manifest = image->manifest.digest;
    const UnpackedImage unpacked = unpack(reader, *image);
    verified.packages = check_packages(unpacked.rootfs, image->architecture);
    if (const Image* of_recipe =
            rebuilt ? find_image(rebuilt->images, image->architecture) : nullptr)
      compare_with_recipe(reader, *of_recipe, *image, unpacked.packages, context.stop, verified);
    verification.images.push_back(std::move(verified));
  }
  if (rebuilt && read.index) compare_indexes(rebuilt->index, *read.index, verification);
}

/// Checks the signature where that is wanted. From there on the image is what was signed, whatever
/// its tag names meanwhile.
std::optional<SignedImage> check_signature(ImageReader& reader, VerifyOptions& options,
                                           const Context& context) {
  if (!options.signature.is_wanted()) return std::nullopt;
  SignedImage image = check_signatures(options.image, options.signature, reader.world());
  context.progress.note(NoteLevel::info, fmt::format("{} is signed by {}", image.name,
                                                     options.signature.key.string()));
  options.image = image.name;
  return image;
}

nlohmann::ordered_json verify_json(const Verification& verification,
                                   const std::optional<SignedImage>& signature) {
  auto json = verification_json(verification);
  if (signature)
    json["signature"] = {{"digest", digest_text(signature->digest)},
                         {"key_sha256", to_hex(signature->key)}};
  return json;
}

void run_verify(VerifyOptions options, const Context& context) {
  const bool is_recipe = names_recipe(options.image);
  if (is_recipe && !options.recipe.empty())
    throw Error(ErrorKind::usage, "--recipe is for an image that is there")
        .hint(fmt::format("'tarn verify {}' builds it twice", options.image));
  if (is_recipe) options.recipe = options.image;
  ImageReader reader(options.reader, context);
  Verification verification;
  verification.name = options.image;
  verification.recipe = options.recipe.string();
  const auto signature = check_signature(reader, options, context);
  ReadImages read;
  if (is_recipe) {
    Images built = reader.build_recipe(options.recipe, recipe_build(options));
    if (built.images.size() > 1) read.index = std::move(built.index);
    read.images = std::move(built.images);
  } else {
    read = read_existing(reader, options, context, verification);
  }
  verify_images(reader, options, read, context, verification);
  if (options.json)
    print_json(context, verify_json(verification, signature));
  else
    context.out << verification_text(
        verification, options.lists_unowned ? UnownedFiles::listed : UnownedFiles::counted);
  const std::size_t differences = verification.differences();
  if (differences == 0) return;
  Error error(ErrorKind::trust,
              fmt::format("{} is not what it should be: {} difference{}", verification.name,
                          differences, differences == 1 ? "" : "s"));
  if (options.recipe.empty())
    error.hint(
        "'--recipe RECIPE' compares with what the recipe gives, which tells what it changes "
        "itself");
  throw error;
}

}  // namespace

void add_verify_command(Commands& commands) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App& command = commands.add(
      commands.root(), "verify",
      "Check an image: its digests, each file against the packages' checksums, and with a recipe "
      "whether its lock gives the same, bit by bit",
      "  tarn verify registry.example.org/team/base:3.22\n"
      "  tarn verify registry.example.org/team/base:3.22 --key key.pub\n"
      "  tarn verify base.tar --recipe base.yaml\n"
      "  tarn verify base.yaml                 # built anew from its lock, is it the same?\n");
  command.add_option("IMAGE", options->image, image_kinds)->required()->option_text(" ");
  command
      .add_option("--recipe", options->recipe,
                  "The recipe that the image was built from: build it anew and compare")
      ->option_text("RECIPE");
  add_signature_options(command, options->signature);
  add_image_reader_options(command, options->reader);
  add_compression_option(command, options->reader.recipe);
  add_annotation_option(command, options->annotations);
  command.add_flag("--sbom-in-image", options->has_package_sboms,
                   "The image was built with --sbom-in-image");
  command.add_flag("--unowned", options->lists_unowned, "List the files that no package brought");
  command.add_flag("--json", options->json, "Print everything as JSON");
  commands.on(command, [options](const Context& context) { run_verify(*options, context); });
}

}  // namespace tarn::builder
