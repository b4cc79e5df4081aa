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
#include "builder/resolution.h"
#include "builder/terminal/format_size.h"
#include "builder/terminal/table.h"

namespace tarn::builder {
namespace {

struct PlanOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  bool explain = false;
  bool json = false;
};

using Explanations = std::vector<std::unique_ptr<ExplainedPlan>>;

nlohmann::ordered_json differences_json(const Resolution& resolution) {
  const VersionDifferences differences = find_version_differences(named_plans(resolution));
  nlohmann::ordered_json packages = nlohmann::ordered_json::array();
  for (const VersionDifference& difference : differences.packages) {
    nlohmann::ordered_json versions;
    for (std::size_t i = 0; i < difference.versions.size(); ++i)
      versions[differences.architectures[i]] = difference.versions[i].empty()
                                                   ? nlohmann::ordered_json()
                                                   : nlohmann::ordered_json(difference.versions[i]);
    packages.push_back({{"name", difference.package}, {"versions", std::move(versions)}});
  }
  return packages;
}

void add_reasons(const ExplainedPlan& plan, nlohmann::ordered_json& packages) {
  const auto reasons = find_reasons(plan.selection, plan.graph);
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    packages[i]["wanted_by"] = wanted_by_json(reasons[i], plan.selection, plan.graph);
    packages[i]["rivals"] =
        rivals_json(reasons[i].rivals, plan.selection.packages()[i], plan.selection, plan.names);
  }
}

/// `explanations`: one for each plan, or none.
nlohmann::ordered_json plan_json(const Resolution& resolution, const Explanations& explanations) {
  nlohmann::ordered_json architectures = nlohmann::ordered_json::array();
  for (const ArchitecturePlan& plan : resolution.plans) {
    nlohmann::ordered_json packages = nlohmann::ordered_json::array();
    for (const apk::PlannedPackage& planned : plan.plan.packages) {
      const apk::Package& package = planned.package;
      const apk::Repository& repository = resolution.repositories[planned.repository];
      packages.push_back({{"name", package.name},
                          {"version", package.version},
                          {"repository", repository.url.str()},
                          {"url", repository.package_url(package).str()},
                          {"size", package.size},
                          {"installed_size", package.installed_size},
                          {"checksum", package.identity.str()}});
    }
    if (!explanations.empty()) add_reasons(*explanations[architectures.size()], packages);
    architectures.push_back(
        {{"architecture", plan.architecture.apk}, {"packages", std::move(packages)}});
  }
  nlohmann::ordered_json json = {{"architectures", std::move(architectures)}};
  if (resolution.plans.size() > 1) json["differences"] = differences_json(resolution);
  return json;
}

void print_plan(const Resolution& resolution, const ArchitecturePlan& plan, std::ostream& out) {
  Table table({{"package"},
               {"version"},
               {"repository"},
               {"size", Align::right},
               {"installed", Align::right}});
  std::uint64_t size = 0;
  std::uint64_t installed_size = 0;
  for (const apk::PlannedPackage& planned : plan.plan.packages) {
    const apk::Package& package = planned.package;
    table.add({package.name, package.version, resolution.repositories[planned.repository].label(),
               format_size(package.size), format_size(package.installed_size)});
    size += package.size;
    installed_size += package.installed_size;
  }
  out << table.str()
      << fmt::format("{}: {} packages, {} to fetch, {} installed\n", plan.architecture.apk,
                     plan.plan.packages.size(), format_size(size), format_size(installed_size));
}

void print_reasons(const ExplainedPlan& plan, std::ostream& out) {
  Table table({{"package"}, {"version"}, {"wanted by"}, {"chosen"}});
  const auto reasons = find_reasons(plan.selection, plan.graph);
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const apk::Package& package = plan.plan.plan.packages[i].package;
    table.add({package.name, package.version,
               wanted_by_text(reasons[i], plan.selection, plan.graph),
               chosen_text(reasons[i], i, plan.selection, plan.names)});
  }
  out << table.str()
      << fmt::format("{}: {} packages\n", plan.plan.architecture.apk, reasons.size());
}

void print_differences(const Resolution& resolution, std::ostream& out) {
  const VersionDifferences differences = find_version_differences(named_plans(resolution));
  if (differences.packages.empty()) return;
  std::vector<Column> columns = {{"package"}};
  for (const std::string& architecture : differences.architectures)
    columns.push_back({architecture});
  Table table(std::move(columns));
  for (const VersionDifference& difference : differences.packages) {
    std::vector<std::string> row = {difference.package};
    for (const std::string& version : difference.versions)
      row.push_back(version.empty() ? "missing" : version);
    table.add(std::move(row));
  }
  out << "\nNot the same for all architectures:\n" << table.str();
}

void run_plan(PlanOptions options, const Context& context) {
  if (options.explain) {
    // Why it was chosen and not another: a lock does not know the others.
    if (options.repositories.lock == LockUse::required ||
        options.repositories.lock == LockUse::updated)
      throw Error(ErrorKind::usage, "--explain asks the repositories, not a lock")
          .hint("leave --locked out, or write --locked=ignore");
    options.repositories.lock = LockUse::ignored;
  }
  RepositoryAccess access(options.repositories.network, context);
  const Recipe recipe = access.load(options.recipe);
  const Resolution resolution = access.resolve_locked(recipe, options.recipe, options.repositories);
  Explanations explanations;
  if (options.explain)
    explanations = explain_plans(resolution, context.options.threads, context.stop);
  if (options.json) {
    print_json(context, plan_json(resolution, explanations));
    return;
  }
  for (const ArchitecturePlan& plan : resolution.plans) {
    const auto i = static_cast<std::size_t>(&plan - resolution.plans.data());
    if (i != 0) context.out << '\n';
    if (options.explain)
      print_reasons(*explanations[i], context.out);
    else
      print_plan(resolution, plan, context.out);
  }
  print_differences(resolution, context.out);
}

}  // namespace

void add_plan_command(Commands& commands) {
  auto options = std::make_shared<PlanOptions>();
  CLI::App& command = commands.add(commands.root(), "plan",
                                   "Show the packages a recipe resolves to, in install order",
                                   "  tarn plan base.yaml\n"
                                   "  tarn plan base.yaml --arch x86_64,aarch64 --json\n"
                                   "  tarn plan base.yaml --explain\n"
                                   "  tarn plan base.yaml --var release=v3.21\n");
  add_recipe_options(command, options->recipe);
  add_repository_options(command, options->repositories);
  add_locked_option(command, options->repositories);
  add_same_versions_option(command, options->repositories);
  command.add_flag("--explain", options->explain,
                   "Show who wants each package first, and why it was chosen");
  command.add_flag("--json", options->json, "Print the plan as JSON");
  commands.on(command, [options](const Context& context) { run_plan(*options, context); });
}

}  // namespace tarn::builder
