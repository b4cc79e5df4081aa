#include <ostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "builder/cli/commands.h"
#include "builder/cli/recipe_options.h"
#include "builder/cli/script_reports.h"
#include "builder/staging.h"
#include "builder/terminal/live_progress.h"
#include "builder/terminal/table.h"

namespace tarn::builder {
namespace {

struct ScriptsOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  bool json = false;
};

struct ArchitectureScripts {
  std::string architecture;
  std::vector<ScriptReport> reports;
};

std::vector<ArchitectureScripts> decide(const ScriptsOptions& options, const Context& context) {
  RepositoryAccess access(options.repositories.network, context);
  const Recipe recipe = access.load(options.recipe);
  apk::Fetcher fetcher = access.fetcher(recipe);
  const Resolution resolution = access.resolve_locked(recipe, options.recipe, options.repositories);
  PackageFiles files(resolution, fetcher, context.options.threads, context.stop);
  std::vector<ArchitectureScripts> all;
  for (const ArchitecturePlan& plan : resolution.plans) {
    const StagingInput input{.resolution = resolution,
                             .plan = plan,
                             .files = files,
                             .created = 0,
                             .scratch = access.store().folder(),
                             .threads = context.options.threads};
    all.push_back(
        {plan.architecture.apk, decide_scripts(recipe, input, context.progress, context.stop)});
  }
  return all;
}

void print(const ArchitectureScripts& scripts, std::ostream& out) {
  out << scripts.architecture << ": "
      << (scripts.reports.empty() ? "no package has a script\n" : "\n");
  if (scripts.reports.empty()) return;
  Table table({{"package"}, {"script"}, {"way"}, {"why"}});
  for (const ScriptReport& report : scripts.reports)
    table.add({report.package, std::string(apk::script_name(report.kind)),
               std::string(way_name(report.way)), printable(report.reason)});
  out << table.str();
}

void run_scripts(const ScriptsOptions& options, const Context& context) {
  const auto all = decide(options, context);
  if (!options.json) {
    for (const ArchitectureScripts& scripts : all) print(scripts, context.out);
    return;
  }
  auto architectures = nlohmann::ordered_json::array();
  for (const ArchitectureScripts& scripts : all) {
    auto reports = nlohmann::ordered_json::array();
    for (const ScriptReport& report : scripts.reports) reports.push_back(script_json(report));
    architectures.push_back(
        {{"architecture", scripts.architecture}, {"scripts", std::move(reports)}});
  }
  print_json(context, {{"architectures", std::move(architectures)}});
}

}  // namespace

void add_scripts_command(Commands& commands) {
  auto options = std::make_shared<ScriptsOptions>();
  CLI::App& command = commands.add(
      commands.root(), "scripts",
      "Show the scripts of a recipe's packages and how a build would run each: natively, by tarn's "
      "own interpreter, which starts no process; in a sandbox, and the line and command that call "
      "for one; or not at all, where the recipe says so. No script is run.",
      "  tarn scripts nginx.yaml\n"
      "  tarn scripts nginx.yaml --arch all --json\n");
  add_recipe_options(command, options->recipe);
  add_repository_options(command, options->repositories);
  add_locked_option(command, options->repositories);
  command.add_flag("--json", options->json, "Print the scripts as JSON");
  commands.on(command, [options](const Context& context) { run_scripts(*options, context); });
}

}  // namespace tarn::builder
