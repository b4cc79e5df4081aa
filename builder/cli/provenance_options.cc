#include "builder/cli/provenance_options.h"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/support/error.h"
#include "builder/image/descriptors.h"
#include "builder/lock/lock_file.h"
#include "builder/locking.h"
#include "builder/recipe/repositories.h"
#include "builder/registry/reference.h"
#include "builder/sbom/sbom.h"

namespace tarn::builder {
namespace {

constexpr const char* provenance_suffix = ".provenance.json";

/// A scheme, and nothing that no address has.
bool is_uri(const std::string& text) {
  const auto colon = text.find(':');
  return colon != std::string::npos && colon != 0 && colon + 1 < text.size() &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '"'; });
}

void add_builder_option(CLI::App& command, ProvenanceOptions& options) {
  command
      .add_option_function<std::string>(
          "--builder-id",
          [&options](const std::string& uri) {
            if (!is_uri(uri)) throw Error(ErrorKind::usage, fmt::format("'{}' is no URI", uri));
            options.builder = uri;
          },
          "Whom the provenance names as the builder")
      ->option_text("URI");
}

}  // namespace

void add_provenance_file_options(CLI::App& command, ProvenanceOptions& options) {
  // What the option says without a value; a file of that name is ./beside.
  static constexpr const char* beside = "beside";
  const auto place = std::make_shared<std::string>();
  command
      .add_flag("--provenance{beside}", *place,
                "Write an in-toto statement of what the image was made of (SLSA provenance; see "
                "docs/provenance.md): OUTPUT.provenance.json, or =FILE, or into =FOLDER/")
      ->each([&options, place](const std::string& text) {
        options.is_wanted = true;
        if (text != beside) options.place = text;
      })
      ->option_text("[=FILE]");
  add_builder_option(command, options);
}

void add_provenance_options(CLI::App& command, ProvenanceOptions& options) {
  command.add_flag("--provenance", options.is_wanted,
                   "Attach an in-toto statement of what the images were made of (SLSA provenance; "
                   "see docs/provenance.md)");
  add_builder_option(command, options);
}

std::filesystem::path provenance_path(const ProvenanceOptions& options,
                                      const std::filesystem::path& stem) {
  const std::string beside = stem.string() + provenance_suffix;
  if (options.place.empty()) return beside;
  std::error_code absent;
  const bool is_folder =
      !options.place.has_filename() || std::filesystem::is_directory(options.place, absent);
  return is_folder ? options.place / std::filesystem::path(beside).filename() : options.place;
}

std::shared_ptr<const Lock> recorded_lock(std::shared_ptr<const Lock> lock, const Recipe& recipe,
                                          const ResolveOptions& resolve, apk::Fetcher& fetcher,
                                          const Context& context) {
  if (lock) return lock;
  return std::make_shared<const Lock>(
      lock_recipe(recipe, {}, resolve, fetcher, context.progress, context.stop));
}

JsonBlob provenance_of(const RecordedBuild& build, const ProvenanceOptions& options,
                       const std::vector<ProvenanceSubject>& subjects) {
  const RecipeOptions& recipe_options = build.recipe_options;
  Provenance provenance{.subjects = subjects,
                        .recipe = recipe_options.recipe.filename().string(),
                        .variant = recipe_options.variant,
                        .facts = facts_with_sources(build.recipe),
                        .architectures = {},
                        .annotations = build.options.annotations,
                        .source_date_epoch = build.options.source_date_epoch,
                        .has_package_sboms = build.options.package_sboms == PackageSboms::written,
                        .has_docker_types = build.has_docker_types,
                        .lock = *build.options.lock,
                        .lock_file = {},
                        .repositories = repositories_as_written(build.recipe),
                        .base_image = {},
                        .builder = options.builder};
  for (const apk::Architecture& architecture :
       choose_architectures(build.recipe, build.options.resolve))
    provenance.architectures.push_back(architecture.apk);
  if (build.has_lock_file)
    provenance.lock_file =
        lock_path(recipe_options.recipe, recipe_options.variant).filename().string();
  if (build.recipe.contents.baseimage)
    provenance.base_image = redact_urls(build.recipe.contents.baseimage->image);
  return write_provenance(provenance);
}

std::vector<ProvenanceSubject> built_subjects(const Images& images) {
  const std::string name = Reference::parse(images.tag).familiar();
  std::vector<ProvenanceSubject> subjects;
  for (const Image* image : by_platform(images.images))
    subjects.push_back({image_url(name, image->manifest.digest, image->architecture.oci),
                        image->manifest.digest, image->architecture.platform()});
  if (images.images.size() > 1)
    subjects.push_back({image_url(name, images.index.digest, {}), images.index.digest, {}});
  return subjects;
}

std::vector<ProvenanceSubject> pushed_subjects(const PushedImages& pushed) {
  std::vector<ProvenanceSubject> subjects;
  for (const Image* image : by_platform(pushed.images.images)) {
    const Sha256Digest& digest = pushed.content.manifests.at(subjects.size()).digest;
    subjects.push_back({image_url(pushed.name, digest, image->architecture.oci), digest,
                        image->architecture.platform()});
  }
  const Sha256Digest& top = pushed.content.top.digest;
  subjects.push_back({image_url(pushed.name, top, {}), top, {}});
  return subjects;
}

std::vector<Artifact> provenance_artifacts(const PushContent& content, const JsonBlob& statement) {
  std::vector<Artifact> artifacts;
  const std::string title = std::string("build") + provenance_suffix;
  for (const JsonBlob& manifest : content.manifests)
    artifacts.push_back(make_artifact(manifest, statement, title));
  artifacts.push_back(make_artifact(content.top, statement, title));
  return artifacts;
}

}  // namespace tarn::builder
