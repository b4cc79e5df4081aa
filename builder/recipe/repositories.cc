#include "builder/recipe/repositories.h"

#include <algorithm>

#include "apk/support/error.h"
#include "builder/recipe/load.h"
#include "builder/recipe/yaml.h"

namespace tarn::builder {
namespace {

std::vector<apk::Repository> parse_line(const Located& line, apk::Variables& variables) {
  try {
    return apk::parse_repository_line(line.text, variables);
  } catch (const Error& error) {
    auto located = recipe_error(line.position, error.message());
    for (const auto& [label, text] : error.details()) located.detail(label, text);
    located.hint(error.hint());
    throw located;
  }
}

/// The path of a relative local URL made to count from the recipe's folder.
Url from_recipe_folder(const Recipe& recipe, const Url& url, const Position& position) {
  if (!url.is_local() || url.path().starts_with('/')) return url;
  auto path = resolve_path(recipe, url.path()).string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (const auto absolute = Url::parse(path)) return *absolute;
  throw recipe_error(position, "a repository's path cannot have white space: " + quote(path));
}

void add_once(std::vector<apk::Repository>& repositories, apk::Repository repository) {
  if (std::find(repositories.begin(), repositories.end(), repository) == repositories.end())
    repositories.push_back(std::move(repository));
}

/// The repositories to resolve with, each once.
struct RepositoryLines {
  std::vector<apk::Repository> written;
  std::vector<apk::Repository> resolved;
};

RepositoryLines read_lines_to_resolve(const Recipe& recipe) {
  RepositoryLines lines;
  apk::Variables variables(recipe.vars.begin(), recipe.vars.end());
  for (const auto* list : {&recipe.contents.build_repositories, &recipe.contents.repositories})
    for (const auto& line : *list)
      for (const auto& repository : parse_line(line, variables)) {
        apk::Repository resolved = repository;
        resolved.url = from_recipe_folder(recipe, repository.url, line.position);
        add_once(lines.resolved, std::move(resolved));
        if (lines.written.size() < lines.resolved.size()) lines.written.push_back(repository);
      }
  return lines;
}

void collect_variables(const std::vector<Located>& lines, std::set<std::string>& names) {
  for (const auto& line : lines) {
    for (auto begin = line.text.find("${"); begin != std::string::npos;
         begin = line.text.find("${", begin + 2)) {
      const auto end = line.text.find('}', begin);
      if (end == std::string::npos) break;
      names.insert(line.text.substr(begin + 2, end - begin - 2));
    }
  }
}

}  // namespace

std::vector<apk::Repository> repositories_to_resolve(const Recipe& recipe) {
  return read_lines_to_resolve(recipe).resolved;
}

std::vector<apk::Repository> repositories_as_written(const Recipe& recipe) {
  return read_lines_to_resolve(recipe).written;
}

std::vector<apk::Repository> repositories_for_image(const Recipe& recipe) {
  std::vector<apk::Repository> repositories;
  apk::Variables variables(recipe.vars.begin(), recipe.vars.end());
  const auto add = [&](apk::Repository repository) {
    repository.url = repository.url.without_credentials();
    add_once(repositories, std::move(repository));
  };
  for (const auto& line : recipe.contents.runtime_repositories)
    for (auto& repository : parse_line(line, variables)) add(std::move(repository));
  for (const auto& line : recipe.contents.repositories)
    for (auto& repository : parse_line(line, variables))
      if (!repository.url.is_local()) add(std::move(repository));
  return repositories;
}

std::map<std::string, std::vector<Url>> repository_mirrors(const Recipe& recipe) {
  std::map<std::string, std::vector<Url>> mirrors;
  for (const auto& [prefix, substitutes] : recipe.mirrors)
    for (const auto& text : substitutes) {
      auto url = Url::parse(text);
      if (!url) throw Error(ErrorKind::usage, "mirrors: not a URL: " + quote(text));
      if (url->is_local() && !url->path().starts_with('/'))
        url = Url::parse(resolve_path(recipe, url->path()).string());
      if (!url) throw Error(ErrorKind::usage, "mirrors: a path with white space: " + quote(text));
      mirrors[prefix].push_back(*url);
    }
  return mirrors;
}

std::set<std::string> variables_used(const Recipe& recipe) {
  std::set<std::string> names;
  collect_variables(recipe.contents.build_repositories, names);
  collect_variables(recipe.contents.runtime_repositories, names);
  collect_variables(recipe.contents.repositories, names);
  return names;
}

}  // namespace tarn::builder
