#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>

#include "apk/support/error.h"
#include "builder/cli/commands.h"
#include "builder/recipe/load.h"
#include "builder/recipe/print.h"

namespace tarn::builder {
namespace {

struct ConfigOptions {
  std::filesystem::path recipe;
  LoadOptions load;
  std::vector<std::string> vars;  ///< NAME=VALUE
  bool list_variants = false;
  bool json = false;
};

void run_config(ConfigOptions options, const Context& context) {
  for (const auto& var : options.vars) {
    const auto equals = var.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(ErrorKind::usage, "--var takes NAME=VALUE, not '" + redact_urls(var) + "'");
    options.load.vars.insert_or_assign(var.substr(0, equals), var.substr(equals + 1));
  }
  if (options.list_variants) {
    for (const auto& name : variant_names(options.recipe, options.load))
      context.out << name << '\n';
    return;
  }
  context.out << print_recipe(load_recipe(options.recipe, options.load),
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
  command.add_option("RECIPE", options->recipe, "The recipe, a YAML file")
      ->required()
      ->option_text(" ");
  auto* variant = command
                      .add_option("--variant", options->load.variant,
                                  "Merge this one of the recipe's variants over it")
                      ->option_text("NAME");
  command
      .add_option("--var", options->vars,
                  "Set a variable of the recipe's repositories (may be repeated)")
      ->allow_extra_args(false)
      ->option_text("NAME=VALUE");
  command
      .add_option("--include-paths", options->load.include_paths,
                  "Folders in which to look for included recipes")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("DIR,…");
  auto* json = command.add_flag("--json", options->json, "Print JSON instead of YAML");
  command.add_flag("--list-variants", options->list_variants, "Print the names of the variants")
      ->excludes(variant)
      ->excludes(json);
  commands.on(command, [options](const Context& context) { run_config(*options, context); });
}

}  // namespace tarn::builder
