#include "builder/lock/recipe_facts.h"

#include <algorithm>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "builder/recipe/print.h"
#include "builder/recipe/repositories.h"

namespace tarn::builder {
namespace {

/// Keys of which nothing comes into an image, or that stand elsewhere in the facts. For which
/// architectures an image is wanted is asked anew each time.
const std::set<std::string> uncounted_keys = {"vars", "mirrors", "archs"};
const std::set<std::string> uncounted_contents = {"build_repositories", "repositories",
                                                  "runtime_repositories", "packages"};
/// Whether packages may depend on a part; keys of the host are "contents.keyring PATH".
bool concerns_packages(const std::string& part) {
  return part == "contents.baseimage" || part == "contents.keyring" ||
         part.starts_with("contents.keyring ");
}

/// Keys sorted, so that equal values give equal texts.
Sha256Digest digest_of_value(const nlohmann::json& value) {
  return sha256(value.dump());
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<std::string> missing_from(const std::vector<std::string>& list,
                                      const std::vector<std::string>& other) {
  std::vector<std::string> missing;
  for (const std::string& item : list)
    if (std::ranges::find(other, item) == other.end()) missing.push_back(item);
  return missing;
}

/// What has come and gone.
std::string list_change(const std::vector<std::string>& before,
                        const std::vector<std::string>& now) {
  const auto added = missing_from(now, before);
  const auto removed = missing_from(before, now);
  std::string text;
  if (!added.empty()) text = "added: " + joined(added);
  if (!removed.empty()) text += (text.empty() ? "removed: " : "; removed: ") + joined(removed);
  return text.empty() ? "in another order" : text;
}

void compare_digests(const std::map<std::string, Sha256Digest>& before,
                     const std::map<std::string, Sha256Digest>& now, std::vector<Misfit>& misfits) {
  std::set<std::string> names;
  for (const auto* side : {&before, &now})
    for (const auto& [name, digest] : *side) names.insert(name);
  for (const std::string& name : names) {
    const auto was = before.find(name);
    const auto is = now.find(name);
    const bool is_new = was == before.end();
    const bool is_gone = is == now.end();
    if (!is_new && !is_gone && was->second == is->second) continue;
    misfits.push_back(
        {.part = name,
         .change = is_new ? "added" : (is_gone ? "removed" : "changed"),
         .concern = concerns_packages(name) ? Misfit::Concern::packages : Misfit::Concern::image});
  }
}

}  // namespace

RecipeFacts recipe_facts(const Recipe& recipe, const std::vector<apk::Dependency>& world) {
  RecipeFacts facts;
  for (const apk::Repository& repository : repositories_as_written(recipe))
    facts.repositories.push_back(repository.line());
  for (const apk::Dependency& dependency : world) facts.packages.push_back(dependency.str());
  const auto json = nlohmann::json::parse(print_recipe(recipe, RecipeFormat::json));
  for (const auto& [key, value] : json.items()) {
    if (uncounted_keys.contains(key)) continue;
    if (key != "contents") {
      facts.parts.emplace(key, digest_of_value(value));
      continue;
    }
    for (const auto& [name, content] : value.items())
      if (!uncounted_contents.contains(name))
        facts.parts.emplace("contents." + name, digest_of_value(content));
  }
  if (!recipe.contents.runtime_repositories.empty()) {
    nlohmann::json lines = nlohmann::json::array();
    for (const apk::Repository& repository : repositories_for_image(recipe))
      lines.push_back(repository.line());
    facts.parts.emplace("contents.runtime_repositories", digest_of_value(lines));
  }
  return facts;
}

std::vector<Misfit> find_misfits(const Lock& lock, const RecipeFacts& recipe,
                                 const std::vector<std::string>& architectures) {
  std::vector<Misfit> misfits;
  const auto compare = [&](const char* part, const std::vector<std::string>& before,
                           const std::vector<std::string>& now) {
    if (before != now)
      misfits.push_back({part, list_change(before, now), Misfit::Concern::packages});
  };
  compare("contents.packages", lock.recipe.packages, recipe.packages);
  compare("contents.repositories", lock.recipe.repositories, recipe.repositories);
  std::vector<std::string> absent;
  for (const std::string& name : architectures)
    if (lock.find(name) == nullptr) absent.push_back(name);
  if (!absent.empty())
    misfits.push_back({"archs", "added: " + joined(absent), Misfit::Concern::packages});
  compare_digests(lock.recipe.parts, recipe.parts, misfits);
  std::vector<Misfit> sources;
  compare_digests(lock.recipe.sources, recipe.sources, sources);
  for (Misfit& source : sources) {
    source.part = "the file " + source.part;
    source.concern = Misfit::Concern::image;
    misfits.push_back(std::move(source));
  }
  return misfits;
}

}  // namespace tarn::builder
