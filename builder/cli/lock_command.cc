#include <memory>
#include <optional>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/cli/commands.h"
#include "builder/cli/lock_use.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/registry_options.h"
#include "builder/lock/lock_changes.h"
#include "builder/lock/lock_file.h"
#include "builder/locking.h"
#include "builder/terminal/table.h"

namespace tarn::builder {
namespace {

struct LockCommandOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  RegistryOptions registry;
  std::vector<std::string> packages;
  bool update = false;
  bool keep = false;
  bool check = false;
  bool json = false;
};

nlohmann::ordered_json misfits_json(const std::vector<Misfit>& misfits) {
  auto list = nlohmann::ordered_json::array();
  for (const Misfit& misfit : misfits)
    list.push_back({{"part", misfit.part}, {"change", misfit.change}});
  return list;
}

nlohmann::ordered_json changes_json(const std::vector<LockChange>& changes) {
  const auto version = [](const std::string& text) {
    return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
  };
  auto list = nlohmann::ordered_json::array();
  for (const LockChange& change : changes)
    list.push_back({{"architecture", change.architecture},
                    {"package", change.package},
                    {"change", word_for(change.kind)},
                    {"before", version(change.before)},
                    {"after", version(change.after)}});
  return list;
}

std::string changes_text(const std::vector<LockChange>& changes) {
  Table table({{"architecture"}, {"package"}, {"change"}, {"before"}, {"after"}});
  for (const LockChange& change : changes)
    table.add({change.architecture, change.package, std::string(word_for(change.kind)),
               change.before, change.after});
  return table.str();
}

std::vector<Misfit> misfits_of_lock(const LockedRecipe& recipe, const LockCommandOptions& options) {
  if (is_apko_lock(recipe.path())) return recipe.misfits(read_apko_lock_file(recipe.path()));
  const auto lock = find_lock(recipe.path());
  if (!lock)
    throw Error(ErrorKind::failed, fmt::format("there is no {}", recipe.path().string()))
        .hint(fmt::format("'tarn lock {}' makes it", options.recipe.recipe.string()));
  return recipe.misfits(*lock);
}

/// That the lock fits the recipe, without asking for anything.
void check_lock(const LockedRecipe& recipe, const LockCommandOptions& options,
                const Context& context) {
  const auto misfits = misfits_of_lock(recipe, options);
  if (options.json)
    print_json(context, {{"file", recipe.path().string()},
                         {"fits", misfits.empty()},
                         {"misfits", misfits_json(misfits)}});
  if (!misfits.empty()) throw recipe.misfit_error(ErrorKind::failed, misfits);
  context.progress.note(NoteLevel::info, fmt::format("{} fits {}", recipe.path().string(),
                                                     options.recipe.recipe.string()));
}

/// The lock that is there. Where it is only compared with, one that cannot be read is none; but
/// apko's is not overwritten.
std::optional<Lock> find_older_lock(const LockedRecipe& recipe, const LockCommandOptions& options) {
  const bool is_apkos = is_apko_lock(recipe.path());
  if (options.update || options.keep || is_apkos) return find_lock(recipe.path());
  try {
    return find_lock(recipe.path());
  } catch (const Error&) {
    return std::nullopt;
  }
}

Lock make_wanted_lock(const LockedRecipe& recipe, const std::optional<Lock>& older,
                      const LockCommandOptions& options, apk::Fetcher& fetcher,
                      const Context& context) {
  if (options.keep && older)
    return fit_lock(recipe.recipe, *older, recipe.resolve, fetcher, context.progress, context.stop);
  LockRequest request;
  if (options.update) {
    if (!older)
      throw Error(ErrorKind::usage, fmt::format("there is no {} to update", recipe.path().string()))
          .hint(fmt::format("'tarn lock {}' makes it", options.recipe.recipe.string()));
    request = {
        .older = &*older, .upgrade = options.packages, .upgrade_all = options.packages.empty()};
  }
  return lock_recipe(recipe.recipe, request, recipe.resolve, fetcher, context.progress,
                     context.stop);
}

void report_lock(const LockedRecipe& recipe, const std::optional<Lock>& older, const Lock& lock,
                 const LockCommandOptions& options, const Context& context) {
  const auto changes = older ? find_lock_changes(*older, lock) : std::vector<LockChange>();
  auto architectures = nlohmann::ordered_json::array();
  for (const LockedArchitecture& architecture : lock.architectures) {
    architectures.push_back(
        {{"architecture", architecture.architecture}, {"packages", architecture.packages.size()}});
    context.progress.note(NoteLevel::info,
                          fmt::format("{}: {} packages for {}", recipe.path().string(),
                                      architecture.packages.size(), architecture.architecture));
  }
  if (options.json)
    print_json(context, {{"file", recipe.path().string()},
                         {"architectures", std::move(architectures)},
                         {"changes", changes_json(changes)}});
  else if (!changes.empty())
    context.out << changes_text(changes);
  else if (older)
    context.progress.note(NoteLevel::info, "no package changed");
}

void check_lock_arguments(const LockCommandOptions& options) {
  if (!options.packages.empty() && !options.update)
    throw Error(ErrorKind::usage, "packages are named with --update only")
        .hint("'tarn lock --update RECIPE PACKAGE…' updates these in the lock");
}

void run_lock(const LockCommandOptions& options, const Context& context) {
  check_lock_arguments(options);
  RepositoryAccess access(options.repositories.network, context);
  RegistryAccess registries(options.registry, options.repositories.network.ca_file, context);
  const Recipe recipe = access.load(options.recipe);
  ResolveOptions resolve = resolve_options(options.repositories, context.options);
  resolve.open_repository = registries.opener();
  resolve.scratch = access.store().folder();
  const LockedRecipe locked{options.recipe, recipe, resolve};
  if (options.check) return check_lock(locked, options, context);

  const auto older = find_older_lock(locked, options);
  if (options.update || options.keep) resolve = locked.resolve_all(older);
  apk::Fetcher fetcher = access.fetcher(recipe);
  const Lock lock = make_wanted_lock(locked, older, options, fetcher, context);
  write_file(locked.path(), write_lock(lock));
  report_lock(locked, older, lock, options, context);
}

}  // namespace

void add_lock_command(Commands& commands) {
  auto options = std::make_shared<LockCommandOptions>();
  CLI::App& command = commands.add(
      commands.root(), "lock",
      "Write the packages that a recipe resolves to into NAME.lock.json beside it, from the "
      "repositories' indexes alone. Commands that build use it from then on.",
      "  tarn lock base.yaml\n"
      "  tarn lock --update base.yaml            # all packages\n"
      "  tarn lock --update base.yaml nginx      # and what it needs\n"
      "  tarn lock --keep base.yaml              # after a change of the recipe\n"
      "  tarn lock --check base.yaml             # in CI: exit status 1 if it does not fit\n");
  add_recipe_options(command, options->recipe);
  command.add_option("PACKAGE", options->packages, "With --update: packages to update")
      ->option_text(" ");
  add_repository_options(command, options->repositories);
  add_same_versions_option(command, options->repositories);
  add_registry_options(command, options->registry);
  auto* update = command.add_flag("--update", options->update,
                                  "Take the newest versions of the packages named (of all, if none "
                                  "is), and change as little else as can be");
  auto* keep = command.add_flag("--keep", options->keep,
                                "Keep the locked versions, and change what the recipe now needs");
  auto* check = command.add_flag("--check", options->check,
                                 "Only say whether the lock fits the recipe, without network");
  update->excludes(keep)->excludes(check);
  keep->excludes(check);
  command.add_flag("--json", options->json, "Print what was done, or found, as JSON");
  commands.on(command, [options](const Context& context) { run_lock(*options, context); });
}

}  // namespace tarn::builder
