#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/cli/commands.h"
#include "builder/import/dockerfile.h"
#include "builder/import/dockerfile_import.h"
#include "builder/recipe/load.h"
#include "builder/recipe/print.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

struct ImportCommandOptions {
  fs::path dockerfile;
  fs::path output;
  std::string target;
  std::vector<std::string> build_arguments;
  bool strict = false;
  bool json = false;
};

ImportOptions import_options(const ImportCommandOptions& options) {
  ImportOptions import{{}, options.target, options.dockerfile.parent_path()};
  if (import.context.empty()) import.context = ".";
  for (const std::string& text : options.build_arguments) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(ErrorKind::usage, fmt::format("--build-arg {}: this is not NAME=VALUE", text));
    import.build_arguments[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return import;
}

std::string place(const ImportCommandOptions& options, const LeftOut& left_out) {
  return fmt::format("{}:{}", options.dockerfile.string(), left_out.line);
}

/// The recipe with a comment for all that is not in it.
std::string recipe_text(const RecipeDraft& draft, const ImportCommandOptions& options) {
  const auto one_line = [](std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
  };
  std::string text = fmt::format("# From {}.\n", options.dockerfile.filename().string());
  for (const LeftOut& left_out : draft.left_out)
    text += one_line(fmt::format("# Left out: line {}: {}: {}", left_out.line, left_out.what,
                                 left_out.reason)) +
            "\n";
  return text + print_recipe(draft.recipe);
}

void print_import(const RecipeDraft& draft, const std::string& text,
                  const ImportCommandOptions& options, const Context& context) {
  if (options.json) {
    auto left_out = nlohmann::ordered_json::array();
    for (const LeftOut& one : draft.left_out)
      left_out.push_back({{"line", one.line}, {"what", one.what}, {"reason", one.reason}});
    print_json(context,
               {{"recipe", text}, {"left_out", std::move(left_out)}, {"remarks", draft.remarks}});
    return;
  }
  for (const std::string& remark : draft.remarks) context.progress.note(NoteLevel::info, remark);
  for (const LeftOut& one : draft.left_out)
    context.progress.note(
        NoteLevel::warning,
        fmt::format("{}: left out: {}: {}", place(options, one), one.what, one.reason));
}

void run_import_command(const ImportCommandOptions& options, const Context& context) {
  auto draft = with_context("reading " + options.dockerfile.string(), [&] {
    return import_dockerfile(read_file(options.dockerfile, largest_dockerfile),
                             import_options(options));
  });
  // Without a place for it the recipe is one that lies beside the Dockerfile.
  draft.recipe.file =
      options.output.empty() ? options.dockerfile.parent_path() / "recipe.yaml" : options.output;
  const std::string text = recipe_text(draft, options);
  // What cannot be read again must not be written.
  with_context("reading the recipe that was made",
               [&] { load_recipe_text(text, draft.recipe.file.string()); });
  print_import(draft, text, options, context);
  if (!options.output.empty())
    write_file(options.output, text);
  else if (!options.json)
    context.out << text;
  if (options.strict && !draft.left_out.empty())
    throw Error(ErrorKind::failed, fmt::format("{} of the Dockerfile's commands were left out",
                                               draft.left_out.size()));
}

}  // namespace

void add_import_command(Commands& commands) {
  const auto options = std::make_shared<ImportCommandOptions>();
  CLI::App& command =
      commands.add(commands.root(), "import",
                   "Make a recipe of a Dockerfile that is built upon Alpine; what has no "
                   "counterpart in a recipe "
                   "is listed with the reason",
                   "  tarn import Dockerfile -o image.yaml\n"
                   "  tarn import Dockerfile --build-arg VERSION=3.19 --target final\n"
                   "  tarn import Dockerfile --strict --json");
  command
      .add_option("dockerfile", options->dockerfile, "The Dockerfile; COPY reads from its folder")
      ->required()
      ->type_name("DOCKERFILE");
  command
      .add_option("-o,--output", options->output, "Write the recipe there, beside the Dockerfile")
      ->type_name("FILE");
  command
      .add_option("--target", options->target, "The stage to make a recipe of (default: the last)")
      ->type_name("STAGE");
  command
      .add_option("--build-arg", options->build_arguments, "A value for an ARG; may be repeated")
      ->type_name("NAME=VALUE");
  command.add_flag("--strict", options->strict, "Fail when something was left out");
  command.add_flag("--json", options->json, "Print recipe, what was left out and remarks as JSON");
  commands.on(command,
              [options](const Context& context) { run_import_command(*options, context); });
}

}  // namespace tarn::builder
