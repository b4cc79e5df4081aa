#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "apk/database/installed.h"
#include "apk/support/progress.h"
#include "builder/package_files.h"
#include "builder/recipe/recipe.h"
#include "builder/resolution.h"
#include "builder/rootfs/rootfs.h"
#include "builder/scripts/package_scripts.h"

namespace tarn::builder {

/// What the rootfs of one architecture is made from, besides the recipe.
struct StagingInput {
  const Resolution& resolution;
  const ArchitecturePlan& plan;
  PackageFiles& files;
  std::int64_t created = 0;       ///< seconds: what would otherwise come from the clock
  std::filesystem::path scratch;  ///< a folder for what scripts need on disk
  std::size_t threads = 1;
  /// Called by stage() on the calling thread, in the plan's order, for each package that was
  /// unpacked, after its own scripts have run: with the rootfs as it is then, the package and its
  /// owner in it, and the inflated data section if that was read for this build (null when a
  /// listing made reading needless). What follows may still change the package's files. May be
  /// empty.
  std::function<void(const Rootfs&, const apk::InstalledPackage&, Owner,
                     std::shared_ptr<const Bytes> tar)>
      installed{};
};

struct Staged {
  Rootfs rootfs;
  std::vector<apk::InstalledPackage> installed;  ///< Owner{n} is the n-th
  std::vector<ScriptReport> scripts;             ///< in the order in which they ran
  /// How long unpacking had to wait for packages that were being fetched.
  std::chrono::steady_clock::duration waited{};
};

/// Plan ─ packages ─ Rootfs: skeleton, packages in install order with their scripts, then what the
/// recipe adds (accounts, files, paths, certificates, services), what it prunes, and the database.
Staged stage(const Recipe& recipe, const StagingInput& input, Progress& progress,
             const std::stop_token& stop);

/// Which way each script of the plan would go, and why: packages are laid out, no script is run.
std::vector<ScriptReport> decide_scripts(const Recipe& recipe, const StagingInput& input,
                                         Progress& progress, const std::stop_token& stop);

}  // namespace tarn::builder
