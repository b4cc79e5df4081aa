#include "builder/locking.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "apk/support/error.h"
#include "apk/support/url.h"
#include "builder/description.h"
#include "builder/recipe/load.h"
#include "builder/recipe/origin.h"
#include "builder/rootfs/files.h"
#include "builder/rootfs/skeleton.h"

namespace tarn::builder {
namespace {

/// A path of the host as the recipe may call it, wherever the recipe lies.
std::string name_on_host(const Recipe& recipe, const std::filesystem::path& path) {
  const auto relative = path.lexically_relative(origin_of(recipe.file).folder).string();
  if (relative.empty()) return path.string();
  return relative.starts_with("../") ? relative : "./" + relative;
}

/// What lies at a place of the host: content, names, links, and who may execute it.
Sha256Digest source_digest(const std::filesystem::path& source, const Position& position) {
  FileEntry plain;
  plain.path = "/source";
  plain.source = source;
  plain.position = position;
  Rootfs rootfs;
  apply_files(rootfs, {plain});
  Description description;
  description.add(rootfs);
  return description.finish();
}

/// The keys that lie on the host, each place a part of its own: "contents.keyring ./keys". One that
/// is gone is none.
void add_local_keys(const Recipe& recipe, RecipeFacts& facts) {
  for (const Located& key : recipe.contents.keyring) {
    const auto url = Url::parse(key.text);
    if (!url || !url->is_local()) continue;
    const std::filesystem::path written = url->path();
    const std::filesystem::path path = resolve_path(recipe, written);
    std::error_code status;
    if (std::filesystem::exists(path, status))
      facts.parts.emplace("contents.keyring " +
                              (written.is_absolute() ? path.string() : name_on_host(recipe, path)),
                          source_digest(path, key.position));
  }
}

RecipeFacts facts_with_sources(const Recipe& recipe, const Resolution& resolution) {
  RecipeFacts facts = recipe_facts(recipe, resolution.world);
  add_local_keys(recipe, facts);
  for (const FileEntry& entry : recipe.files)
    if (entry.source)
      facts.sources.emplace(name_on_host(recipe, *entry.source),
                            source_digest(*entry.source, entry.position));
  if (recipe.skeleton.starts_with('/'))
    facts.sources.emplace(name_on_host(recipe, recipe.skeleton),
                          skeleton_digest(load_skeleton(recipe.skeleton)));
  return facts;
}

std::size_t number_of_key(Lock& lock, const apk::PublicKey& key) {
  const auto found = std::ranges::find_if(lock.keys, [&](const apk::PublicKey& known) {
    return known.name() == key.name() && known.pem() == key.pem();
  });
  const auto number = static_cast<std::size_t>(found - lock.keys.begin());
  if (found == lock.keys.end()) lock.keys.push_back(key);
  return number;
}

std::vector<std::string> names_of(const std::vector<apk::Architecture>& architectures) {
  std::vector<std::string> names;
  for (const apk::Architecture& architecture : architectures) names.push_back(architecture.apk);
  return names;
}

/// Throws Error (usage) for a name that an update cannot be about.
void check_upgraded_name(const std::string& name, const Lock& older, const Resolution& resolution) {
  const bool is_wanted = std::ranges::any_of(
      resolution.world, [&](const apk::Dependency& entry) { return entry.name == name; });
  const bool is_locked = std::ranges::any_of(older.architectures, [&](const auto& architecture) {
    return std::ranges::any_of(architecture.packages, [&](const apk::PlannedPackage& planned) {
      return planned.package.name == name;
    });
  });
  if (!is_wanted && !is_locked)
    throw Error(ErrorKind::usage,
                fmt::format("'{}' is neither in the lock nor in the recipe", name))
        .hint("name packages of the lock, or none to update all");
}

PlanChange change_of(const LockRequest& request) {
  PlanChange change{.older = {}, .upgrade = request.upgrade, .upgrade_all = request.upgrade_all};
  for (const LockedArchitecture& architecture : request.older->architectures)
    change.older.push_back({architecture.architecture, architecture.packages});
  return change;
}

std::shared_ptr<const BaseImage> read_locked_base(const Recipe& recipe,
                                                  const LockedArchitecture& locked,
                                                  const apk::Architecture& architecture,
                                                  const ResolveOptions& options,
                                                  const std::stop_token& stop) {
  auto base = read_recipe_base(recipe, options, architecture, stop);
  if (base && base->image.manifest.digest != locked.base)
    throw Error(ErrorKind::usage, fmt::format("the base image {} is not the locked one for {}",
                                              base->name, architecture.apk))
        .detail("expected", locked.base ? "sha256:" + to_hex(*locked.base) : "none")
        .detail("found", "sha256:" + to_hex(base->image.manifest.digest))
        .hint("'tarn lock --update' locks the present one");
  return base;
}

}  // namespace

RecipeFacts facts_with_sources(const Recipe& recipe) {
  return facts_with_sources(recipe, recipe_resolution(recipe));
}

Lock make_lock(const Recipe& recipe, const Resolution& resolution, const ResolveOptions& options) {
  Lock lock;
  lock.recipe = facts_with_sources(recipe, resolution);
  lock.signatures = options.signatures;
  for (const ArchitecturePlan& plan : resolution.plans) {
    LockedArchitecture& locked = lock.architectures.emplace_back();
    locked.architecture = plan.architecture.apk;
    locked.index_digests = plan.index_digests;
    for (const auto& [name, key] : plan.keyring.keys())
      locked.keys.push_back(number_of_key(lock, key));
    if (plan.base) locked.base = plan.base->image.manifest.digest;
    locked.packages = plan.plan.packages;
  }
  return lock;
}

Resolution resolve_for_lock(const Recipe& recipe, const LockRequest& request,
                            const ResolveOptions& options, apk::Fetcher& fetcher,
                            Progress& progress, const std::stop_token& stop) {
  if (request.older == nullptr) return resolve_recipe(recipe, options, fetcher, progress, stop);
  for (const std::string& name : request.upgrade)
    check_upgraded_name(name, *request.older, recipe_resolution(recipe));
  Resolution resolution = read_repositories(recipe, options, fetcher, progress, stop);
  plan_packages(resolution, change_of(request), options, progress, stop);
  return resolution;
}

Lock lock_recipe(const Recipe& recipe, const LockRequest& request, const ResolveOptions& options,
                 apk::Fetcher& fetcher, Progress& progress, const std::stop_token& stop) {
  return make_lock(recipe, resolve_for_lock(recipe, request, options, fetcher, progress, stop),
                   options);
}

Lock fit_lock(const Recipe& recipe, const Lock& lock, const ResolveOptions& options,
              apk::Fetcher& fetcher, Progress& progress, const std::stop_token& stop) {
  const auto misfits = find_misfits(recipe, lock, options);
  const bool concerns_packages = std::ranges::any_of(
      misfits, [](const Misfit& misfit) { return misfit.concern == Misfit::Concern::packages; });
  if (concerns_packages)
    return lock_recipe(recipe, {.older = &lock, .upgrade = {}}, options, fetcher, progress, stop);
  Lock fitting = lock;
  fitting.recipe = facts_with_sources(recipe);
  return fitting;
}

std::vector<Misfit> find_misfits(const Recipe& recipe, const Lock& lock,
                                 const ResolveOptions& options) {
  return find_misfits(lock, facts_with_sources(recipe),
                      names_of(choose_architectures(recipe, options)));
}

Resolution locked_resolution(const Recipe& recipe, const Lock& lock, const ResolveOptions& options,
                             const std::stop_token& stop) {
  Resolution resolution = recipe_resolution(recipe);
  resolution.sources = PackageSources::any;
  if (lock.recipe.repositories.size() != resolution.repositories.size())
    throw Error(ErrorKind::usage, "the lock is of other repositories than the recipe's");
  for (const apk::Architecture& architecture : choose_architectures(recipe, options)) {
    const LockedArchitecture* locked = lock.find(architecture.apk);
    if (locked == nullptr)
      throw Error(ErrorKind::usage, "the lock has no packages for " + architecture.apk)
          .hint("'tarn lock --keep' adds them");
    ArchitecturePlan plan;
    plan.architecture = architecture;
    for (const std::size_t number : locked->keys) plan.keyring.add(lock.keys.at(number));
    plan.index_digests = locked->index_digests;
    plan.plan.packages = locked->packages;
    plan.base = read_locked_base(recipe, *locked, architecture, options, stop);
    resolution.plans.push_back(std::move(plan));
  }
  check_versions(resolution, options);
  return resolution;
}

void index_locked_packages(Resolution& resolution) {
  for (ArchitecturePlan& plan : resolution.plans) {
    std::vector<std::vector<apk::Package>> packages(resolution.repositories.size());
    for (const apk::PlannedPackage& planned : plan.plan.packages)
      packages.at(planned.repository).push_back(planned.package);
    std::vector<apk::BinaryIndex> indexes;
    for (const auto& listed : packages) indexes.push_back(apk::BinaryIndex::from_packages(listed));
    std::vector<const apk::BinaryIndex*> parts;
    for (const apk::BinaryIndex& index : indexes) parts.push_back(&index);
    plan.index = apk::BinaryIndex::join(parts);
  }
}

}  // namespace tarn::builder
