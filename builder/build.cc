#include "builder/build.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "apk/package/package_file.h"
#include "apk/support/parallel.h"
#include "builder/image/image.h"
#include "builder/layer/layer.h"
#include "builder/layer/layer_cache.h"
#include "builder/rootfs/accounts.h"
#include "builder/staging.h"

namespace tarn::builder {
namespace {

/// Notes in the image that its indexes' signatures were not required.
constexpr const char* untrusted_annotation = "tarn.allow-untrusted";

class Stopwatch {
 public:
  explicit Stopwatch(std::vector<Pass>& passes) : passes_(passes) {}
  /// Ends the pass that began with the last call (or the construction).
  void lap(std::string name) {
    const auto now = std::chrono::steady_clock::now();
    passes_.push_back({std::move(name), now - begin_});
    begin_ = now;
  }

 private:
  std::vector<Pass>& passes_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// Keys of the recipe that this version understands and cannot fulfil: said before any work.
void refuse_what_cannot_be_built(const Recipe& recipe) {
  const auto refuse = [](const Position& position, const std::string& what,
                         const std::string& hint) {
    throw Error(ErrorKind::usage, fmt::format("{}: {} cannot be built", position.str(), what))
        .hint(hint);
  };
  if (recipe.format && recipe.format->text != "tar")
    refuse(recipe.format->position, "a layer of format '" + recipe.format->text + "'",
           "remove 'format': the layer is a tar then");
  if (!recipe.contents.baseimage) return;
  if (recipe.layering)
    refuse(recipe.layering->position, "an image of several layers on top of a base image",
           "remove 'layering': one layer is put on top of the base image's");
  if (!recipe.skeleton.empty() && recipe.skeleton != "none")
    refuse(recipe.contents.baseimage->position,
           "an image with a base image and the skeleton '" + recipe.skeleton + "'",
           "remove 'skeleton': the base image has its place");
}

std::int64_t newest_build_time(const ArchitecturePlan& plan) {
  std::int64_t newest = 0;
  for (const apk::PlannedPackage& planned : plan.plan.packages)
    newest = std::max(newest, planned.package.build_time);
  if (plan.base)
    for (const apk::InstalledPackage& installed : plan.base->installed)
      newest = std::max(newest, installed.package.build_time);
  return newest;
}

std::map<std::string, std::string> build_annotations(const BuildOptions& options) {
  auto annotations = options.annotations;
  if (options.resolve.signatures == apk::SignaturePolicy::ignored)
    annotations[untrusted_annotation] = "true";
  return annotations;
}

/// The image's layers: one, or as many as the recipe's `layering` allows.
std::vector<Layer> make_layers(const Recipe& recipe, const Staged& staged, const BaseImage* base,
                               const LayerOptions& options, LayerCache& cache,
                               const std::stop_token& stop) {
  if (base != nullptr) {
    std::vector<Layer> layers = base->image.layers;
    layers.push_back(write_layer_above(changed_part(base->rootfs, staged.rootfs), staged.rootfs,
                                       options, cache, stop));
    return layers;
  }
  if (!recipe.layering) return {write_layer(staged.rootfs, options, cache, stop)};
  const auto budget = static_cast<std::size_t>(recipe.layering->budget);
  return write_layers(staged.rootfs, staged.installed, budget, options, cache, stop);
}

}  // namespace

BuildResult build(const Recipe& recipe, const BuildOptions& options, apk::Fetcher& fetcher,
                  Progress& progress, const std::stop_token& stop) {
  refuse_what_cannot_be_built(recipe);
  BuildResult result;
  Stopwatch watch(result.passes);

  ResolveOptions resolve_options = options.resolve;
  resolve_options.scratch = options.scratch;
  result.resolution = resolve_recipe(recipe, resolve_options, fetcher, progress, stop);
  watch.lap("resolve");

  const PackageFiles files = fetch_packages(result.resolution, fetcher);
  watch.lap("fetch");

  LayerCache cache(fetcher.store(), progress);
  const auto annotations = build_annotations(options);
  std::int64_t newest = 0;
  for (const ArchitecturePlan& plan : result.resolution.plans) {
    const std::string& arch = plan.architecture.apk;
    const std::int64_t created = options.source_date_epoch.value_or(newest_build_time(plan));
    newest = std::max(newest, created);
    const StagingInput input{.resolution = result.resolution,
                             .plan = plan,
                             .files = files,
                             .created = created,
                             .scratch = options.scratch,
                             .threads = options.resolve.threads};
    Staged staged = stage(recipe, input, progress, stop);
    for (auto& script : staged.scripts) result.scripts.push_back({arch, std::move(script)});
    watch.lap("stage " + arch);

    const LayerOptions layer_options{.compression = recipe.compression,
                                     .epoch = created,
                                     .clamp_times = options.source_date_epoch.has_value(),
                                     .threads = options.resolve.threads};
    std::vector<Layer> layers =
        make_layers(recipe, staged, plan.base.get(), layer_options, cache, stop);
    watch.lap("layer " + arch);

    const ImageFacts facts{.architecture = plan.architecture,
                           .created = created,
                           .user = resolve_run_as(staged.rootfs, recipe.accounts.run_as),
                           .annotations = annotations,
                           .base = plan.base ? &plan.base->image : nullptr};
    result.images.images.push_back(make_image(recipe, facts, std::move(layers)));
  }
  result.images.index =
      make_image_index(result.images.images, make_annotations(recipe, newest, annotations));
  result.images.tag = options.tag;
  return result;
}

}  // namespace tarn::builder
