#include <ostream>

#include <CLI/CLI.hpp>

#include "builder/cli/commands.h"
#include "builder/cli/recipe_schema.h"

namespace tarn::builder {

void add_schema_command(Commands& commands) {
  CLI::App& command = commands.add(
      commands.root(), "schema", "Print the JSON Schema of recipes, for editors and checks",
      "  tarn schema > recipe.schema.json\n"
      "  # then, on top of a recipe, for editors with yaml-language-server:\n"
      "  # yaml-language-server: $schema=recipe.schema.json");
  commands.on(command, [](const Context& context) { context.out << recipe_schema(); });
}

}  // namespace tarn::builder
