#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/model/identity.h"
#include "apk/support/file.h"
#include "apk/support/progress.h"
#include "builder/recipe/recipe.h"
#include "builder/resolution.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// Package files at hand, by identity.
using PackageFiles = std::map<apk::Identity, MappedFile>;

/// What the rootfs of one architecture is made from, besides the recipe.
struct StagingInput {
  const Resolution& resolution;
  const ArchitecturePlan& plan;
  const PackageFiles& files;
  std::int64_t created = 0;  ///< seconds: what would otherwise come from the clock
  std::size_t threads = 1;
};

/// A script that apk would have run.
struct UnrunScript {
  std::string package;  ///< "name-version"
  std::string script;   ///< "post-install"
};

struct Staged {
  Rootfs rootfs;
  std::vector<UnrunScript> skipped_scripts;  ///< without those the recipe itself skips
};

/// Plan ─ packages ─ Rootfs: skeleton, packages in install order, busybox links, then what the
/// recipe adds (accounts, files, paths, certificates, services), what it prunes, and the database.
Staged stage(const Recipe& recipe, const StagingInput& input, Progress& progress,
             const std::stop_token& stop);

}  // namespace tarn::builder
