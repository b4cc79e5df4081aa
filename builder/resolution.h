#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/fetch/fetcher.h"
#include "apk/index/binary_index.h"
#include "apk/model/architecture.h"
#include "apk/model/repository.h"
#include "apk/solver/solver.h"
#include "apk/support/hash.h"
#include "apk/support/progress.h"
#include "apk/trust/keyring.h"
#include "apk/trust/trusted_index.h"
#include "builder/base_image.h"
#include "builder/index_loading.h"
#include "builder/recipe/recipe.h"
#include "builder/registry/image_source.h"
#include "builder/report/version_differences.h"

namespace tarn::builder {

/// Whether the plans of several architectures must have the same packages in the same versions.
enum class VersionsAcross { may_differ, must_agree };

/// What a recipe is resolved with.
struct ResolveOptions {
  std::vector<apk::Architecture> architectures;  ///< empty: the recipe's; none there: the host's
  apk::SignaturePolicy signatures = apk::SignaturePolicy::required;
  std::size_t threads = 1;
  VersionsAcross versions = VersionsAcross::may_differ;
  /// Finds a base image by its name in a registry; without it none can be built upon.
  std::function<std::unique_ptr<ImageSource>(const std::string& reference)> open_repository{};
  std::filesystem::path scratch{};  ///< a folder for what of a base image has to lie in files
};

/// One architecture's indexes and the plan made from them.
struct ArchitecturePlan {
  apk::Architecture architecture;
  apk::BinaryIndex index;  ///< of Resolution::repositories
  apk::Keyring keyring;    ///< the recipe's keys, then those that verified the indexes, too
  std::vector<Sha256Digest> index_digests;  ///< of the index files, in order of the repositories
  /// What is to be installed: of an image on top of a base image only what that does not have.
  apk::Plan plan;
  std::shared_ptr<const BaseImage> base{};  ///< of the recipe's base image, where it has one
  std::shared_future<void> keeping{};       ///< ends when the index is in the cache
};

/// Where the packages of plans may come from.
enum class PackageSources {
  listed,  ///< the repository whose index listed the package
  any,     ///< any repository that has the very package
};

/// A recipe with everything that came of its repositories.
struct Resolution {
  std::vector<apk::Repository> repositories;        ///< resolved with, in order
  std::vector<apk::Repository> image_repositories;  ///< for etc/apk/repositories
  std::vector<apk::Dependency> world;               ///< what the recipe asks for, as written
  std::vector<std::string> world_origins;           ///< where each of `world` is written
  std::vector<ArchitecturePlan> plans;              ///< in order of the architecture's apk name
  PackageSources sources = PackageSources::listed;
};

/// What a recipe alone says: repositories and world, without plans. Throws Error (usage).
Resolution recipe_resolution(const Recipe& recipe);

/// The keys that the recipe's `contents.keyring` names. Throws Error: failed, network, and trust
/// for what is no key or came over plain http.
apk::Keyring read_keyring(const Recipe& recipe, apk::Fetcher& fetcher);

/// The recipe's base image for one architecture; null when it has none. Throws Error as
/// read_base_image() does.
std::shared_ptr<const BaseImage> read_recipe_base(const Recipe& recipe,
                                                  const ResolveOptions& options,
                                                  const apk::Architecture& architecture,
                                                  const std::stop_token& stop);

/// The architectures that a recipe is resolved for, in order of their apk names.
std::vector<apk::Architecture> choose_architectures(const Recipe& recipe,
                                                    const ResolveOptions& options);

/// What the solver is asked for one architecture. `plan` must be one of the resolution's; the
/// request points into both.
apk::Request request_for(const Resolution& resolution, const ArchitecturePlan& plan);

/// What an older plan of an architecture means for a new one.
struct OlderPlan {
  std::string architecture;
  std::vector<apk::PlannedPackage> packages;
};
struct PlanChange {
  std::vector<OlderPlan> older;
  /// Names whose packages become as new as can be; those of others only where that is needed, or
  /// where their version has gone from the repositories.
  std::vector<std::string> upgrade;
  bool upgrade_all = false;
};

/// A plan for each architecture, with its name.
std::vector<NamedPlan> named_plans(const Resolution& resolution);

/// What came of a recipe's repositories before anybody looks into it.
struct FetchedRepositories {
  Resolution resolution;            ///< indexes and plans are empty
  std::vector<IndexFiles> indexes;  ///< of each plan
};

/// recipe ─ index files: brings the keys, and the index files of all architectures.
/// Throws Error: usage for the recipe's own mistakes, network.
FetchedRepositories fetch_repositories(const Recipe& recipe, const ResolveOptions& options,
                                       apk::Fetcher& fetcher, const std::stop_token& stop);

/// index files ─ indexes: checks and reads them; the plans are empty. Throws Error: network, trust.
Resolution read_repositories(FetchedRepositories fetched, const ResolveOptions& options,
                             apk::Fetcher& fetcher, Progress& progress,
                             const std::stop_token& stop);

/// recipe ─ indexes: both.
Resolution read_repositories(const Recipe& recipe, const ResolveOptions& options,
                             apk::Fetcher& fetcher, Progress& progress,
                             const std::stop_token& stop);

/// indexes ─ solver: fills the plans of what read_repositories() gave.
/// Throws Error: usage, unsatisfiable.
void plan_packages(Resolution& resolution, const ResolveOptions& options, Progress& progress,
                   const std::stop_token& stop);

/// The same by apk's rules for a root in which the packages of an older plan are installed: as
/// little as possible changes. Throws Error (unsatisfiable) for a package that is still needed and
/// that no repository has any more, too.
void plan_packages(Resolution& resolution, const PlanChange& change, const ResolveOptions& options,
                   Progress& progress, const std::stop_token& stop);

/// Throws Error (unsatisfiable) where `options` wants the same versions for all architectures and
/// the plans differ.
void check_versions(const Resolution& resolution, const ResolveOptions& options);

/// recipe ─ indexes ─ solver: brings and checks the indexes of all architectures, then plans each.
/// Throws Error: usage for the recipe's own mistakes, network, trust, unsatisfiable.
Resolution resolve_recipe(const Recipe& recipe, const ResolveOptions& options,
                          apk::Fetcher& fetcher, Progress& progress, const std::stop_token& stop);

}  // namespace tarn::builder
