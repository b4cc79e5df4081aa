#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "builder/cli/commands.h"
#include "builder/cli/explained_plan.h"
#include "builder/cli/recipe_options.h"
#include "builder/report/tree.h"
#include "builder/report/why.h"

namespace tarn::builder {
namespace {

struct TreeOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  std::string package;
  bool reverse = false;
  bool dot = false;
  bool json = false;
};

void run_tree(const TreeOptions& options, const Context& context) {
  RepositoryAccess access(options.repositories.network, context);
  const Recipe recipe = access.load(options.recipe);
  const Resolution resolution = access.resolve_locked(recipe, options.recipe, options.repositories);
  std::vector<std::string> texts;
  auto architectures = nlohmann::ordered_json::array();
  for (const auto& plan : explain_plans(resolution, context.options.threads, context.stop)) {
    const std::string& architecture = plan->plan.architecture.apk;
    Tree tree{plan->selection, plan->graph,
              fmt::format("{}, {}", options.recipe.recipe.filename().string(), architecture),
              options.reverse ? Direction::needed_by : Direction::needs,
              find_planned(plan->selection, options.package)};
    // Several architectures need not have the same packages.
    if (!options.package.empty() && tree.roots.empty()) continue;
    if (options.json) {
      nlohmann::ordered_json one = {{"architecture", architecture}};
      one.update(tree_json(tree));
      architectures.push_back(std::move(one));
    } else {
      texts.push_back(options.dot ? tree_dot(tree) : tree_text(tree, output_symbols()));
    }
  }
  if (texts.empty() && architectures.empty())
    throw Error(ErrorKind::failed, fmt::format("{} is not in the plan", options.package))
        .hint(fmt::format("'tarn why {} {}' tells more", options.recipe.recipe.string(),
                          options.package));
  if (options.json) print_json(context, {{"architectures", std::move(architectures)}});
  for (std::size_t i = 0; i < texts.size(); ++i) context.out << (i == 0 ? "" : "\n") << texts[i];
}

}  // namespace

void add_tree_command(Commands& commands) {
  auto options = std::make_shared<TreeOptions>();
  CLI::App& command = commands.add(
      commands.root(), "tree",
      "Draw a recipe's packages as a tree: below each what it needs, with the names it asks by",
      "  tarn tree base.yaml\n"
      "  tarn tree base.yaml nginx                 # what nginx needs\n"
      "  tarn tree base.yaml --reverse musl        # who needs musl\n"
      "  tarn tree base.yaml --dot | dot -Tsvg > base.svg\n");
  add_recipe_options(command, options->recipe);
  command
      .add_option("PACKAGE", options->package,
                  "Begin with this package, or with who has this name (default: the recipe)")
      ->option_text(" ");
  add_repository_options(command, options->repositories);
  add_locked_option(command, options->repositories);
  command.add_flag("--reverse", options->reverse,
                   "Below each package draw who needs it, up to the recipe's lines");
  auto* dot = command.add_flag("--dot", options->dot, "Print a graph for Graphviz");
  command.add_flag("--json", options->json, "Print the packages and their links as JSON")
      ->excludes(dot);
  commands.on(command, [options](const Context& context) { run_tree(*options, context); });
}

}  // namespace tarn::builder
