#include <algorithm>
#include <map>
#include <ostream>
#include <tuple>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apk/model/version.h"
#include "apk/support/error.h"
#include "builder/cli/commands.h"
#include "builder/cli/recipe_options.h"
#include "builder/report/package_search.h"
#include "builder/report/plan_names.h"
#include "builder/terminal/live_progress.h"
#include "builder/terminal/table.h"

namespace tarn::builder {
namespace {

struct SearchOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  std::vector<std::string> patterns;
  bool description = false;
  bool exact = false;
  bool json = false;
};

/// A version of a package that was found, in one repository of one or more architectures.
struct Row {
  std::string name;
  std::string version;
  std::size_t repository = 0;
  std::string description;
  std::vector<std::string> provides;
  std::vector<std::string> architectures;
};

std::vector<Row> rows_of(const Resolution& resolution, const ArchitecturePlan& plan,
                         const PackageQuery& query) {
  const apk::Request request = request_for(resolution, plan);
  const apk::Universe universe(request);
  std::vector<Row> rows;
  for (const FoundPackage& found : search_packages(universe, query)) {
    const apk::Package package = universe.package(found.package);
    for (std::size_t r = 0; r < resolution.repositories.size(); ++r)
      if ((universe.repositories(found.package) >> r & 1U) != 0)
        rows.push_back({package.name,
                        package.version,
                        r,
                        package.description,
                        found.provides,
                        {plan.architecture.apk}});
  }
  return rows;
}

/// The rows of all architectures, the same of several as one.
std::vector<Row> find_rows(const Resolution& resolution, const PackageQuery& query) {
  using Key =
      std::tuple<std::string, std::string, std::size_t, std::string, std::vector<std::string>>;
  std::map<Key, std::size_t> known;
  std::vector<Row> all;
  for (const ArchitecturePlan& plan : resolution.plans)
    for (Row& row : rows_of(resolution, plan, query)) {
      const Key key{row.name, row.version, row.repository, row.description, row.provides};
      const auto [place, is_new] = known.emplace(key, all.size());
      if (is_new) {
        all.push_back(std::move(row));
        continue;
      }
      auto& architectures = all[place->second].architectures;
      if (architectures.back() != plan.architecture.apk)
        architectures.push_back(plan.architecture.apk);
    }
  std::ranges::stable_sort(all, [](const Row& a, const Row& b) {
    if (a.name != b.name) return apk::name_less(a.name, b.name);
    const auto order = apk::compare_versions(a.version, b.version);
    return order != 0 ? order > 0 : a.repository < b.repository;
  });
  return all;
}

std::string repository_text(const apk::Repository& repository) {
  return repository.tag.empty() ? repository.label() : repository.label() + " @" + repository.tag;
}

void print_rows(const std::vector<Row>& rows, const Resolution& resolution, std::ostream& out) {
  const bool has_provides =
      std::ranges::any_of(rows, [](const Row& row) { return !row.provides.empty(); });
  const bool has_architectures = resolution.plans.size() > 1;
  std::vector<Column> columns = {{"package"}, {"version"}, {"repository"}};
  if (has_architectures) columns.push_back({"architectures"});
  if (has_provides) columns.push_back({"provides"});
  columns.push_back({"description"});
  Table table(std::move(columns));
  for (const Row& row : rows) {
    std::vector<std::string> cells = {row.name, row.version,
                                      repository_text(resolution.repositories[row.repository])};
    if (has_architectures) cells.push_back(fmt::format("{}", fmt::join(row.architectures, ", ")));
    if (has_provides) cells.push_back(joined(row.provides, 2));
    cells.push_back(printable(row.description));
    table.add(std::move(cells));
  }
  out << table.str();
}

nlohmann::ordered_json rows_json(const std::vector<Row>& rows, const Resolution& resolution) {
  auto json = nlohmann::ordered_json::array();
  for (const Row& row : rows)
    json.push_back({{"name", row.name},
                    {"version", row.version},
                    {"repository", resolution.repositories[row.repository].url.str()},
                    {"tag", resolution.repositories[row.repository].tag},
                    {"architectures", row.architectures},
                    {"provides", row.provides},
                    {"description", row.description}});
  return {{"packages", std::move(json)}};
}

void run_search(const SearchOptions& options, const Context& context) {
  RepositoryAccess access(options.repositories.network, context);
  const Recipe recipe = access.load(options.recipe);
  apk::Fetcher fetcher = access.fetcher(recipe);
  const Resolution resolution =
      read_repositories(recipe, resolve_options(options.repositories, context.options), fetcher,
                        context.progress, context.stop);
  const PackageQuery query{
      .patterns = options.patterns,
      .match = options.exact ? PackageQuery::Match::exact : PackageQuery::Match::pattern,
      .where = options.description ? PackageQuery::Where::names_and_descriptions
                                   : PackageQuery::Where::names};
  const std::vector<Row> rows = find_rows(resolution, query);
  if (options.json)
    print_json(context, rows_json(rows, resolution));
  else if (!rows.empty())
    print_rows(rows, resolution, context.out);
  if (rows.empty()) {
    Error error(ErrorKind::failed, fmt::format("no package of the repositories fits '{}'",
                                               fmt::join(options.patterns, "', '")));
    if (!options.description) error.hint("--description looks in descriptions, too");
    throw error;
  }
}

}  // namespace

void add_search_command(Commands& commands) {
  auto options = std::make_shared<SearchOptions>();
  CLI::App& command = commands.add(
      commands.root(), "search",
      "Search the packages of a recipe's repositories by name and by what they provide. Case does "
      "not count. Exit status 1 where nothing is found.",
      "  tarn search base.yaml curl                # part of a name\n"
      "  tarn search base.yaml 'php8?' 'cmd:psql'  # globs, and any of several\n"
      "  tarn search base.yaml --description 'web server'\n"
      "  tarn search base.yaml --exact so:libz.so.1 --arch all\n");
  add_recipe_options(command, options->recipe);
  command
      .add_option("PATTERN", options->patterns,
                  "Part of a name, or a glob for a whole one (one or more)")
      ->required()
      ->option_text(" ");
  add_repository_options(command, options->repositories);
  command.add_flag("--description", options->description, "Search the descriptions, too");
  command.add_flag("--exact", options->exact, "The pattern is the whole name, letter by letter");
  command.add_flag("--json", options->json, "Print what is found as JSON");
  commands.on(command, [options](const Context& context) { run_search(*options, context); });
}

}  // namespace tarn::builder
