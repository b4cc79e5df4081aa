#include <algorithm>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/support/error.h"
#include "builder/cli/commands.h"
#include "builder/cli/explained_plan.h"
#include "builder/cli/recipe_options.h"
#include "builder/report/why_json.h"
#include "builder/report/why_text.h"
#include "builder/terminal/live_progress.h"

namespace tarn::builder {
namespace {

struct WhyOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  std::string package;
  std::size_t most_chains = 10;
  bool json = false;
};

using Plans = std::vector<std::unique_ptr<ExplainedPlan>>;

/// What to say where it is in no plan; the same of several architectures is said once.
Error absence_error(const WhyOptions& options, const Plans& plans,
                    const std::vector<Answer>& answers) {
  const bool is_known =
      std::ranges::any_of(answers, [](const Answer& answer) { return !answer.absent.empty(); });
  Error error(ErrorKind::failed,
              is_known ? fmt::format("{} is not in the plan", options.package)
                       : fmt::format("no package of the repositories has or provides '{}'",
                                     options.package));
  std::vector<std::vector<std::pair<std::string, std::string>>> told;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    Error one(ErrorKind::failed, {});
    describe_absence(answers[i], plans[i]->selection, plans[i]->names, one);
    if (std::ranges::find(told, one.details()) != told.end()) continue;
    told.push_back(one.details());
    for (const auto& [label, text] : one.details())
      error.detail(i == 0 ? label : fmt::format("{}: {}", plans[i]->plan.architecture.apk, label),
                   printable(text));
  }
  error.hint(is_known
                 ? "to have it, add it to contents.packages, or try '-p " + options.package + "'"
                 : "'tarn search RECIPE PATTERN' looks for names in the recipe's repositories");
  return error;
}

void print_answers(const Plans& plans, const std::vector<Answer>& answers, std::ostream& out) {
  const Symbols& symbols = output_symbols();
  std::vector<std::pair<std::string, std::string>> texts;  // architectures, text
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const ExplainedPlan& plan = *plans[i];
    std::string text;
    for (const Presence& presence : answers[i].present)
      text += presence_text(presence, plan.selection, plan.graph, plan.names, symbols);
    if (text.empty()) text = fmt::format("{} is not in the plan\n", answers[i].query);
    const auto same = std::ranges::find(texts, text, &std::pair<std::string, std::string>::second);
    if (same == texts.end())
      texts.emplace_back(plan.plan.architecture.apk, std::move(text));
    else
      same->first += ", " + plan.plan.architecture.apk;
  }
  for (const auto& [architectures, text] : texts) {
    if (plans.size() > 1) out << architectures << ":\n";
    out << printable(text);
  }
}

void run_why(const WhyOptions& options, const Context& context) {
  RepositoryAccess access(options.repositories.network, context);
  const Resolution resolution = access.resolve(access.load(options.recipe), options.repositories);
  const Plans plans = explain_plans(resolution, context.options.threads, context.stop);
  std::vector<Answer> answers;
  auto json = nlohmann::ordered_json::array();
  for (const auto& plan : plans) {
    answers.push_back(
        explain_presence(plan->selection, plan->graph, options.package, options.most_chains));
    nlohmann::ordered_json one = {{"architecture", plan->plan.architecture.apk}};
    one.update(answer_json(answers.back(), plan->selection, plan->graph, plan->names));
    json.push_back(std::move(one));
  }
  const bool is_present =
      std::ranges::any_of(answers, [](const Answer& answer) { return !answer.present.empty(); });
  if (options.json)
    print_json(context, {{"architectures", std::move(json)}});
  else if (is_present)
    print_answers(plans, answers, context.out);
  if (!is_present) throw absence_error(options, plans, answers);
}

}  // namespace

void add_why_command(Commands& commands) {
  auto options = std::make_shared<WhyOptions>();
  CLI::App& command = commands.add(
      commands.root(), "why",
      "Show why a package is in a recipe's plan: the shortest chains of needs from the recipe to "
      "it, and why it was chosen and not the others. Exit status 1 for one that is not in the "
      "plan.",
      "  tarn why base.yaml musl\n"
      "  tarn why base.yaml so:libcrypto.so.3      # by a name that packages provide\n"
      "  tarn why base.yaml cmd:curl -p curl       # what if curl were in the recipe?\n");
  add_recipe_options(command, options->recipe);
  command
      .add_option("PACKAGE", options->package,
                  "A package, with or without version, or a name that packages provide")
      ->required()
      ->option_text(" ");
  add_repository_options(command, options->repositories);
  command
      .add_option("--chains", options->most_chains,
                  "Show at most so many chains, 0 for all (default 10)")
      ->option_text("N");
  command.add_flag("--json", options->json, "Print the answer as JSON");
  commands.on(command, [options](const Context& context) { run_why(*options, context); });
}

}  // namespace tarn::builder
