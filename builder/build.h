#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/fetch/fetcher.h"
#include "apk/support/progress.h"
#include "builder/lock/lock.h"
#include "builder/recipe/recipe.h"
#include "builder/resolution.h"
#include "builder/sbom/package_sboms.h"
#include "builder/scripts/package_scripts.h"
#include "builder/sink/sink.h"

namespace tarn::builder {

struct BuildOptions {
  ResolveOptions resolve;
  std::string tag;                                 ///< as the person wrote it
  std::map<std::string, std::string> annotations;  ///< over the recipe's
  std::optional<std::int64_t> source_date_epoch;   ///< seconds: `created`, and no file is younger
  std::filesystem::path scratch;  ///< a folder for layers while they are built, and for scripts
  /// What the recipe resolved to, and fits: no index and no key is asked for. Null: none. Whether
  /// signatures were required of the indexes is the lock's to say, then.
  std::shared_ptr<const Lock> lock{};
  PackageSboms package_sboms = PackageSboms::left_out;
  /// Where what is made of packages is looked for and kept: their listings, segments, layers, whole
  /// builds. Null: in the fetcher's store. With an empty one all of it is made anew.
  apk::Store* products = nullptr;
};

/// One step of a build and how long it took.
struct Pass {
  std::string name;
  std::chrono::steady_clock::duration time{};
};

/// A script of a package, and what came of it.
struct ScriptRun {
  std::string architecture;
  ScriptReport report;
};

struct BuildResult {
  Images images;
  std::vector<std::size_t> package_counts;  ///< of each image
  std::vector<Pass> passes;
  std::vector<ScriptRun> scripts;  ///< in the order in which they ran
};

/// recipe → images, in memory, the cache and `scratch`; writing them out is the sinks' part. The
/// bytes are a function of the recipe, the options (but for threads and scratch) and the
/// repositories' content, or with a lock that in its place. Where nothing of these has changed
/// since an earlier build, the images are those of that build, from the cache.
BuildResult build(const Recipe& recipe, const BuildOptions& options, apk::Fetcher& fetcher,
                  Progress& progress, const std::stop_token& stop);

}  // namespace tarn::builder
