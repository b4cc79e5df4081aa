#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "builder/cli/commands.h"
#include "builder/cli/recipe_options.h"
#include "builder/recipe/load.h"
#include "builder/recipe/print.h"

namespace tarn::builder {
namespace {

struct ConfigOptions {
  RecipeOptions recipe;
  NetworkOptions network;
  bool list_variants = false;
  bool json = false;
};

void run_config(const ConfigOptions& options, const Context& context) {
  RepositoryAccess access(options.network, context);
  if (options.list_variants) {
    for (const auto& name :
         variant_names(options.recipe.recipe, access.load_options(options.recipe)))
      context.out << name << '\n';
    return;
  }
  context.out << print_recipe(access.load(options.recipe),
                              options.json ? RecipeFormat::json : RecipeFormat::yaml);
}

}  // namespace

void add_config_command(Commands& commands) {
  auto options = std::make_shared<ConfigOptions>();
  CLI::App& command =
      commands.add(commands.root(), "config", "Print a recipe with its includes and variant merged",
                   "  tarn config base.yaml\n"
                   "  tarn config base.yaml --var release=v3.21 --json\n"
                   "  tarn config nginx.yaml --list-variants\n"
                   "  tarn config nginx.yaml --variant php82\n");
  add_recipe_options(command, options->recipe);
  add_network_options(command, options->network);
  auto* json = command.add_flag("--json", options->json, "Print JSON instead of YAML");
  command.add_flag("--list-variants", options->list_variants, "Print the names of the variants")
      ->excludes(json);
  commands.on(command, [options](const Context& context) { run_config(*options, context); });
}

}  // namespace tarn::builder
