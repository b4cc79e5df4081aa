#include "builder/build.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "apk/package/package_file.h"
#include "apk/support/parallel.h"
#include "builder/build_memo.h"
#include "builder/image/image.h"
#include "builder/layer/layer.h"
#include "builder/layer/layer_cache.h"
#include "builder/layer/segments_ahead.h"
#include "builder/locking.h"
#include "builder/rootfs/accounts.h"
#include "builder/staging.h"

namespace tarn::builder {
namespace {

/// Notes in the image that its indexes' signatures were not required.
constexpr const char* untrusted_annotation = "tarn.allow-untrusted";

class Stopwatch {
 public:
  Stopwatch(std::vector<Pass>& passes, Progress& progress) : passes_(passes), progress_(progress) {}
  /// Ends the pass that began with the last call (or the construction).
  void lap(std::string name) {
    const auto now = std::chrono::steady_clock::now();
    progress_.record({"pass", name, begin_, now, 0});
    passes_.push_back({std::move(name), now - begin_});
    begin_ = now;
  }
  /// So much of the last pass was spent on an earlier one.
  void move_to(std::string_view name, std::chrono::steady_clock::duration time) {
    passes_.back().time -= time;
    std::ranges::find(passes_, name, &Pass::name)->time += time;
  }

 private:
  std::vector<Pass>& passes_;
  Progress& progress_;
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

/// Builds what no earlier build has made.
class ImageBuilder {
 public:
  ImageBuilder(const Recipe& recipe, const BuildOptions& options, const Resolution& resolution,
               PackageFiles& files, LayerCache& cache)
      : recipe_(recipe),
        options_(options),
        resolution_(resolution),
        files_(files),
        cache_(cache),
        annotations_(build_annotations(options)) {}

  void add(const ArchitecturePlan& plan, Stopwatch& watch, const std::stop_token& stop) {
    const std::string& arch = plan.architecture.apk;
    const std::int64_t created = options_.source_date_epoch.value_or(newest_build_time(plan));
    newest_ = std::max(newest_, created);
    const LayerOptions layer_options{.compression = recipe_.compression,
                                     .epoch = created,
                                     .clamp_times = options_.source_date_epoch.has_value(),
                                     .threads = options_.resolve.threads};
    // What was just inflated is compressed at once, as what it will be if nothing changes it.
    const auto compressor = make_compressor(recipe_.compression);
    SegmentsAhead ahead(*compressor, cache_, options_.resolve.threads, stop);
    const StagingInput input{
        .resolution = resolution_,
        .plan = plan,
        .files = files_,
        .created = created,
        .scratch = options_.scratch,
        .threads = options_.resolve.threads,
        .installed = [&](const Rootfs& rootfs, const apk::InstalledPackage& installed, Owner owner,
                         std::shared_ptr<const Bytes> tar) {
          if (tar != nullptr)
            ahead.add(make_package_segment(rootfs, owner, apk::file_paths(installed),
                                           segment_times(layer_options)),
                      std::move(tar));
        }};
    NoteKeeper notes(cache_.progress());
    Staged staged = stage(recipe_, input, notes, stop);
    ahead.finish();
    if (options_.package_sboms == PackageSboms::written)
      write_package_sboms(staged.rootfs, staged.installed, created);
    outcome_.notes = join(std::move(outcome_.notes), notes.take());
    for (auto& script : staged.scripts) outcome_.scripts.push_back({arch, std::move(script)});
    watch.lap("stage " + arch);
    watch.move_to("fetch", staged.waited);

    auto layers = make_layers(recipe_, staged, plan.base.get(), layer_options, cache_, stop);
    watch.lap("layer " + arch);

    const ImageFacts facts{.architecture = plan.architecture,
                           .created = created,
                           .user = resolve_run_as(staged.rootfs, recipe_.accounts.run_as),
                           .annotations = annotations_,
                           .base = plan.base ? &plan.base->image : nullptr};
    outcome_.images.push_back(make_image(recipe_, facts, std::move(layers)));
    outcome_.package_counts.push_back(plan.plan.packages.size());
  }

  BuildOutcome finish() {
    outcome_.index =
        make_image_index(outcome_.images, make_annotations(recipe_, newest_, annotations_));
    return std::move(outcome_);
  }

 private:
  static std::vector<Note> join(std::vector<Note> first, std::vector<Note> second) {
    std::ranges::move(second, std::back_inserter(first));
    return first;
  }

  const Recipe& recipe_;
  const BuildOptions& options_;
  const Resolution& resolution_;
  PackageFiles& files_;
  LayerCache& cache_;
  std::map<std::string, std::string> annotations_;
  std::int64_t newest_ = 0;
  BuildOutcome outcome_;
};

BuildResult result_of(BuildOutcome outcome, std::string tag, std::vector<Pass> passes) {
  return {.images = {.images = std::move(outcome.images),
                     .index = std::move(outcome.index),
                     .tag = std::move(tag)},
          .package_counts = std::move(outcome.package_counts),
          .passes = std::move(passes),
          .scripts = std::move(outcome.scripts)};
}

/// Index files; or, with a lock, the plans themselves.
FetchedRepositories find_repositories(const Recipe& recipe, const BuildOptions& options,
                                      apk::Fetcher& fetcher, const std::stop_token& stop) {
  if (options.lock) return {locked_resolution(recipe, *options.lock, options.resolve, stop), {}};
  return fetch_repositories(recipe, options.resolve, fetcher, stop);
}

/// Plans without indexes: they have all that is needed from here on, and an index is the larger
/// part of a small build's memory.
Resolution plan_repositories(FetchedRepositories fetched, const BuildOptions& options,
                             apk::Fetcher& fetcher, Progress& progress,
                             const std::stop_token& stop) {
  if (options.lock) return std::move(fetched.resolution);
  Resolution resolution =
      read_repositories(std::move(fetched), options.resolve, fetcher, progress, stop);
  plan_packages(resolution, options.resolve, progress, stop);
  for (ArchitecturePlan& plan : resolution.plans) plan.index = {};
  return resolution;
}

}  // namespace

BuildResult build(const Recipe& recipe, const BuildOptions& given, apk::Fetcher& fetcher,
                  Progress& progress, const std::stop_token& stop) {
  refuse_what_cannot_be_built(recipe);
  std::vector<Pass> passes;
  Stopwatch watch(passes, progress);
  apk::Store& products = given.products != nullptr ? *given.products : fetcher.store();
  LayerCache cache(products, progress);
  BuildMemo memo(products, cache);

  BuildOptions options = given;
  options.resolve.scratch = options.scratch;
  if (options.lock) options.resolve.signatures = options.lock->signatures;
  FetchedRepositories fetched = find_repositories(recipe, options, fetcher, stop);
  watch.lap(options.lock ? "lock" : "indexes");
  // That an index is trusted follows from its digest and the keys, too: nobody reads it here.
  const auto key = build_key(recipe, options, fetched);
  if (auto known = key ? memo.find(*key, options.resolve.threads) : std::nullopt) {
    for (const Note& note : known->notes) progress.note(note.level, note.text);
    count_cache(progress, "build", CacheAnswer::hit);
    watch.lap("look up");
    return result_of(std::move(*known), options.tag, std::move(passes));
  }
  count_cache(progress, "build", CacheAnswer::miss);
  const Resolution resolution =
      plan_repositories(std::move(fetched), options, fetcher, progress, stop);
  watch.lap("resolve");

  PackageFiles files(resolution, fetcher, products, options.resolve.threads, stop);
  watch.lap("fetch");
  ImageBuilder builder(recipe, options, resolution, files, cache);
  for (const ArchitecturePlan& plan : resolution.plans) builder.add(plan, watch, stop);
  BuildOutcome outcome = builder.finish();
  if (key) memo.put(*key, outcome);
  return result_of(std::move(outcome), options.tag, std::move(passes));
}

}  // namespace tarn::builder
