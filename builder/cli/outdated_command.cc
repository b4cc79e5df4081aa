#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "builder/cli/commands.h"
#include "builder/cli/lock_use.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/registry_options.h"
#include "builder/locking.h"
#include "builder/outdated.h"
#include "builder/terminal/table.h"

namespace tarn::builder {
namespace {

struct OutdatedOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  RegistryOptions registry;
  bool json = false;
};

struct ArchitectureOutdated {
  std::string architecture;
  std::vector<OutdatedPackage> packages;
};

nlohmann::ordered_json outdated_json(const std::vector<ArchitectureOutdated>& all) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
  };
  auto architectures = nlohmann::ordered_json::array();
  for (const auto& [architecture, packages] : all) {
    auto list = nlohmann::ordered_json::array();
    for (const OutdatedPackage& package : packages)
      list.push_back({{"name", package.name},
                      {"version", package.version},
                      {"update", text_or_null(package.update)},
                      {"newest", text_or_null(package.newest)},
                      {"newest_repository", text_or_null(package.newest_repository)}});
    architectures.push_back({{"architecture", architecture}, {"packages", std::move(list)}});
  }
  return {{"architectures", std::move(architectures)}};
}

void print_outdated(const ArchitectureOutdated& one, std::ostream& out) {
  if (one.packages.empty()) {
    out << one.architecture << ": nothing newer\n";
    return;
  }
  Table table({{"package"}, {"version"}, {"update"}, {"newest"}, {"in"}});
  for (const OutdatedPackage& package : one.packages)
    table.add({package.name, package.version, package.update.empty() ? "removed" : package.update,
               package.newest.empty() ? "none" : package.newest, package.newest_repository});
  out << one.architecture << ":\n" << table.str();
}

/// What is there now for an architecture: of the lock, else as it would be resolved.
const std::vector<apk::PlannedPackage>& present_packages(const std::optional<Lock>& lock,
                                                         const ArchitecturePlan& plan) {
  const LockedArchitecture* locked = lock ? lock->find(plan.architecture.apk) : nullptr;
  return locked != nullptr ? locked->packages : plan.plan.packages;
}

void run_outdated(const OutdatedOptions& options, const Context& context) {
  RepositoryAccess access(options.repositories.network, context);
  RegistryAccess registries(options.registry, options.repositories.network.ca_file, context);
  const Recipe recipe = access.load(options.recipe);
  ResolveOptions resolve = resolve_options(options.repositories, context.options);
  resolve.open_repository = registries.opener();
  resolve.scratch = access.store().folder();
  const LockedRecipe locked{options.recipe, recipe, resolve};
  apk::Fetcher fetcher = access.fetcher(recipe);
  const auto lock = find_any_lock(locked, fetcher, context);
  LockRequest request;
  if (lock) {
    context.progress.note(NoteLevel::info, fmt::format("using {}", locked.path().string()));
    request = {.older = &*lock, .upgrade = {}, .upgrade_all = true};
  }
  const Resolution updated =
      resolve_for_lock(recipe, request, resolve, fetcher, context.progress, context.stop);
  std::vector<ArchitectureOutdated> all;
  for (const ArchitecturePlan& plan : updated.plans)
    all.push_back(
        {plan.architecture.apk, find_outdated(present_packages(lock, plan), updated, plan)});
  if (options.json) {
    print_json(context, outdated_json(all));
    return;
  }
  for (const ArchitectureOutdated& one : all) print_outdated(one, context.out);
}

}  // namespace

void add_outdated_command(Commands& commands) {
  auto options = std::make_shared<OutdatedOptions>();
  CLI::App& command = commands.add(
      commands.root(), "outdated",
      "Show which packages of a recipe's lock (without one: of its plan) the repositories have in "
      "other versions: what 'tarn lock --update' would take, and the newest of all",
      "  tarn outdated base.yaml\n"
      "  tarn outdated base.yaml --json\n");
  add_recipe_options(command, options->recipe);
  add_repository_options(command, options->repositories);
  add_registry_options(command, options->registry);
  command.add_flag("--json", options->json, "Print the packages as JSON");
  commands.on(command, [options](const Context& context) { run_outdated(*options, context); });
}

}  // namespace tarn::builder
