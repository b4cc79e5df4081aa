#include "builder/cli/index_info.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apk/solver/suggestion.h"
#include "apk/support/error.h"
#include "builder/cli/apk_json.h"
#include "builder/report/package_search.h"

namespace tarn::builder {
namespace {

using apk::PackageId;

/// The packages that have the name themselves or as their label, else those that provide it.
std::vector<PackageId> find_named(const apk::Universe& universe, const std::string& name) {
  std::vector<PackageId> own;
  std::vector<PackageId> providers;
  for (const FoundPackage& found :
       search_packages(universe, {.patterns = {name}, .match = PackageQuery::Match::exact}))
    (found.provides.empty() ? own : providers).push_back(found.package);
  if (!own.empty() || !providers.empty()) return own.empty() ? providers : own;
  for (PackageId id = 0; id < universe.package_count(); ++id)
    if (universe.label(id) == name) own.push_back(id);
  return own;
}

nlohmann::ordered_json describe(const apk::Universe& universe, PackageId id, std::size_t dependents,
                                std::size_t repository_number, const Resolution& resolution,
                                const std::string& architecture) {
  const apk::Repository& repository = resolution.repositories[repository_number];
  const apk::Package package = universe.package(id);
  nlohmann::ordered_json json = {{"kind", "indexed package"}, {"architecture", architecture}};
  json["repository"] = repository.url.str();
  if (!repository.tag.empty()) json["tag"] = repository.tag;
  json["file"] = repository.package_url(package).str();
  json.update(package_json(package));
  json["required_by_count"] = dependents;
  return json;
}

[[noreturn]] void refuse(const std::string& name, const apk::Universe& universe) {
  Error error(ErrorKind::failed,
              fmt::format("no package of the repositories has or provides '{}'", name));
  const auto similar = apk::similar_names(universe, name);
  if (!similar.empty()) error.detail("similar", fmt::format("{}", fmt::join(similar, ", ")));
  throw error.hint("'tarn search RECIPE PATTERN' looks for parts of names");
}

}  // namespace

nlohmann::ordered_json describe_indexed(const std::vector<std::string>& names,
                                        const RecipeOptions& recipe_options,
                                        const RepositoryOptions& repository_options,
                                        const Context& context) {
  RepositoryAccess access(repository_options.network, context);
  const Recipe recipe = access.load(recipe_options);
  apk::Fetcher fetcher = access.fetcher(recipe);
  const Resolution resolution =
      read_repositories(recipe, resolve_options(repository_options, context.options), fetcher,
                        context.progress, context.stop);
  auto all = nlohmann::ordered_json::array();
  std::set<std::string> found;
  for (const ArchitecturePlan& plan : resolution.plans) {
    const apk::Request request = request_for(resolution, plan);
    const apk::Universe universe(request);
    std::vector<PackageId> packages;
    for (const std::string& name : names) {
      const auto named = find_named(universe, name);
      if (!named.empty()) found.insert(name);
      packages.insert(packages.end(), named.begin(), named.end());
      if (&plan == &resolution.plans.back() && !found.contains(name)) refuse(name, universe);
    }
    const auto dependents = find_dependents(universe, packages);
    for (std::size_t i = 0; i < packages.size(); ++i)
      for (std::size_t r = 0; r < resolution.repositories.size(); ++r)
        if ((universe.repositories(packages[i]) >> r & 1U) != 0)
          all.push_back(describe(universe, packages[i], dependents[i].size(), r, resolution,
                                 plan.architecture.apk));
  }
  return all;
}

}  // namespace tarn::builder
