#include "builder/staging.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/core.h>

#include "apk/package/package_file.h"
#include "builder/opened_packages.h"
#include "builder/rootfs/accounts.h"
#include "builder/rootfs/certificates.h"
#include "builder/rootfs/database.h"
#include "builder/rootfs/files.h"
#include "builder/rootfs/installer.h"
#include "builder/rootfs/os_release.h"
#include "builder/rootfs/paths.h"
#include "builder/rootfs/prune.h"
#include "builder/rootfs/recent_data.h"
#include "builder/rootfs/services.h"
#include "builder/rootfs/skeleton.h"
#include "builder/scripts/triggers.h"

namespace tarn::builder {
namespace {

/// What is done with scripts.
enum class ScriptUse { run, decide };

/// Lays packages and what their scripts make into a rootfs, as `apk add` does.
class Assembly {
 public:
  Assembly(Rootfs& rootfs, const Recipe& recipe, const StagingInput& input, ScriptUse use,
           Progress& progress, const std::stop_token& stop)
      : input_(input),
        use_(use),
        progress_(progress),
        rootfs_(rootfs),
        installer_(rootfs),
        settings_{recipe.scripts, input.plan.architecture.apk, input.created, input.scratch, stop},
        scripts_(rootfs, settings_) {}

  /// Packages are opened ahead on all threads, and unpacked one after the other in the plan's
  /// order. Gives how long it waited for files that were being fetched.
  std::chrono::steady_clock::duration install_packages() {
    const auto& planned = input_.plan.plan.packages;
    std::uint64_t total = 0;
    for (const auto& p : planned) total += p.package.installed_size;
    const auto task = progress_.begin("unpacking", total);
    OpenedPackages packages(planned, input_.files, input_.threads, progress_, settings_.stop,
                            recent_);
    std::uint64_t done = 0;
    for (std::size_t i = 0; i < planned.size(); ++i) {
      install(packages.next());
      done += planned[i].package.installed_size;
      progress_.advance(task, done);
    }
    progress_.end(task, TaskOutcome::done);
    return packages.waited();
  }

  /// Packages that lie in the rootfs already.
  void adopt(const std::vector<apk::InstalledPackage>& packages) {
    present_ = packages.size();
    installer_.adopt(packages);
  }

  void run_triggers() {
    for (FiredTrigger& trigger : fired_triggers(installer_.packages(), present_)) {
      const apk::InstalledPackage& installed = installer_.packages()[trigger.package];
      const bool failed = fails({.package = installed.package.name,
                                 .version = installed.package.version,
                                 .kind = apk::ScriptKind::trigger,
                                 .text = installed.scripts.at(apk::ScriptKind::trigger),
                                 .directories = std::move(trigger.directories)});
      if (failed) installer_.mark_failed_script({static_cast<std::int32_t>(trigger.package)});
    }
  }

  const Installer& installer() const { return installer_; }
  std::vector<ScriptReport> take_reports() { return std::move(reports_); }

 private:
  /// A package's own accounts are made before its files are given to them.
  void install(OpenedPackage opened) {
    const auto scripts = opened.package.scripts;
    const std::string name = opened.package.package.name;
    const std::string version = opened.package.package.version;
    const auto script_fails = [&](apk::ScriptKind kind) {
      const auto script = scripts.find(kind);
      return script != scripts.end() &&
             fails({.package = name, .version = version, .kind = kind, .text = script->second});
    };
    const bool failed_before = script_fails(apk::ScriptKind::pre_install);
    const Owner owner = unpack(std::move(opened.package));
    if (script_fails(apk::ScriptKind::post_install) || failed_before)
      installer_.mark_failed_script(owner);
    if (use_ == ScriptUse::run && input_.installed)
      input_.installed(rootfs_, installer_.packages().at(static_cast<std::size_t>(owner.value)),
                       owner, std::move(opened.tar));
  }

  Owner unpack(PackageToInstall package) {
    const Span span(progress_, "unpack", package.package.label());
    return installer_.install(std::move(package));
  }

  bool fails(const PackageScript& script) {
    const Span span(
        progress_, "scripts",
        fmt::format("{}-{} {}", script.package, script.version, apk::script_name(script.kind)));
    reports_.push_back(use_ == ScriptUse::run ? scripts_.run(script, installer_.packages())
                                              : scripts_.decide(script));
    return reports_.back().status != 0;
  }

  const StagingInput& input_;
  ScriptUse use_;
  Progress& progress_;
  Rootfs& rootfs_;
  Installer installer_;
  ScriptSettings settings_;
  PackageScripts scripts_;
  std::vector<ScriptReport> reports_;
  std::shared_ptr<RecentData> recent_ = std::make_shared<RecentData>();
  std::size_t present_ = 0;  ///< packages that were there before
};

/// What the rootfs begins with: the skeleton, or what the base image has.
Rootfs first_rootfs(const Recipe& recipe, const ArchitecturePlan& plan) {
  if (plan.base) return copy_rootfs(plan.base->rootfs);
  Rootfs rootfs;
  apply_skeleton(rootfs, load_skeleton(recipe.skeleton));
  return rootfs;
}

/// Paths of the files of installed packages that provide one of `names`.
std::vector<std::string> files_of_providers(const Installer& installer,
                                            const std::vector<std::string>& names) {
  std::vector<std::string> paths;
  for (const apk::InstalledPackage& installed : installer.packages()) {
    const bool provides = std::ranges::any_of(names, [&](const std::string& name) {
      return installed.package.name == name ||
             std::ranges::find(installed.package.provides, name, &apk::Provide::name) !=
                 installed.package.provides.end();
    });
    if (provides) std::ranges::move(apk::file_paths(installed), std::back_inserter(paths));
  }
  return paths;
}

/// Writes the service bundle, owned by whom the image runs as.
void add_services(Rootfs& rootfs, const Recipe& recipe) {
  const std::string run_as = resolve_run_as(rootfs, recipe.accounts.run_as);
  std::uint32_t uid = 0;
  std::from_chars(run_as.data(), run_as.data() + run_as.size(), uid);
  const AccountDatabase accounts(rootfs);
  const UserLine* user = accounts.find_user(uid);
  write_services(rootfs, recipe.entrypoint, uid, user != nullptr ? user->gid : uid);
}

/// The world for etc/apk/world: what was asked for. A tag that the image's own repositories do not
/// define is left out, or apk in the image would refuse to do anything.
std::vector<apk::Dependency> image_world(const Resolution& resolution,
                                         const ArchitecturePlan& plan) {
  std::vector<apk::Dependency> world = resolution.world;
  if (plan.base) world.insert(world.end(), plan.base->world.begin(), plan.base->world.end());
  for (apk::Dependency& dependency : world)
    if (std::ranges::find(resolution.image_repositories, dependency.tag, &apk::Repository::tag) ==
        resolution.image_repositories.end())
      dependency.tag.clear();
  return world;
}

/// The keys for etc/apk/keys: those that are trusted to build with, and the recipe's for run time.
std::vector<apk::PublicKey> image_keys(const Recipe& recipe, const apk::Keyring& keyring) {
  std::vector<apk::PublicKey> keys;
  for (const auto& [name, key] : keyring.keys()) keys.push_back(key);
  for (const auto& runtime : recipe.contents.runtime_keyring) {
    if (keyring.find(runtime.name) != nullptr)
      throw Error(ErrorKind::usage, runtime.position.str() + ": the keyring has a key named '" +
                                        runtime.name + "' already");
    keys.push_back(with_context("reading the key of " + runtime.position.str(), [&] {
      return apk::PublicKey::from_pem(runtime.name, runtime.content);
    }));
  }
  return keys;
}

}  // namespace

Staged stage(const Recipe& recipe, const StagingInput& input, Progress& progress,
             const std::stop_token& stop) {
  Staged staged;
  Rootfs& rootfs = staged.rootfs;
  rootfs = first_rootfs(recipe, input.plan);

  Assembly assembly(rootfs, recipe, input, ScriptUse::run, progress, stop);
  if (input.plan.base) assembly.adopt(input.plan.base->installed);
  assembly.install_packages();
  assembly.run_triggers();
  staged.scripts = assembly.take_reports();
  const Installer& installer = assembly.installer();

  apply_accounts(rootfs, recipe.accounts, input.created);
  apply_files(rootfs, recipe.files);
  add_services(rootfs, recipe);
  add_certificates(rootfs, recipe.certificates.additional);
  add_packaged_certificates(rootfs, files_of_providers(installer, recipe.certificates.providers));
  apply_paths(rootfs, recipe.paths);
  if (recipe.skeleton != "none")
    write_os_release_fallback(rootfs, os_release_of(input.resolution.repositories));
  for (const Located& pattern : prune(rootfs, recipe.prune).without_match)
    progress.note(NoteLevel::warning,
                  pattern.position.str() + ": nothing to prune matches '" + pattern.text + "'");
  if (recipe.apk_database == ApkDatabase::drop)
    drop_apk_database(rootfs);
  else
    write_apk_database(rootfs, {.packages = installer.packages(),
                                .world = image_world(input.resolution, input.plan),
                                .architectures = {input.plan.architecture.apk},
                                .repositories = input.resolution.image_repositories,
                                .keys = image_keys(recipe, input.plan.keyring)});
  staged.installed = installer.packages();
  return staged;
}

std::vector<ScriptReport> decide_scripts(const Recipe& recipe, const StagingInput& input,
                                         Progress& progress, const std::stop_token& stop) {
  Rootfs rootfs = first_rootfs(recipe, input.plan);
  Assembly assembly(rootfs, recipe, input, ScriptUse::decide, progress, stop);
  if (input.plan.base) assembly.adopt(input.plan.base->installed);
  assembly.install_packages();
  assembly.run_triggers();
  return assembly.take_reports();
}

}  // namespace tarn::builder
