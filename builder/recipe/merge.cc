#include "builder/recipe/merge.h"

#include <iterator>
#include <utility>

namespace tarn::builder {
namespace {

template <typename Value>
std::vector<Value> lists(std::vector<Value> beneath, std::vector<Value> above) {
  beneath.insert(beneath.end(), std::make_move_iterator(above.begin()),
                 std::make_move_iterator(above.end()));
  return beneath;
}

template <typename Value>
std::map<std::string, Value> maps(std::map<std::string, Value> beneath,
                                  std::map<std::string, Value> above) {
  above.merge(beneath);
  return above;
}

/// For anything that has an empty value: texts, lists taken as one value.
template <typename Value>
Value values(Value beneath, Value above) {
  return above.empty() ? std::move(beneath) : std::move(above);
}

template <typename Value>
std::optional<Value> values(std::optional<Value> beneath, std::optional<Value> above) {
  return above ? std::move(above) : std::move(beneath);
}

Contents merge_contents(Contents beneath, Contents above) {
  return {
      lists(std::move(beneath.build_repositories), std::move(above.build_repositories)),
      lists(std::move(beneath.runtime_repositories), std::move(above.runtime_repositories)),
      lists(std::move(beneath.repositories), std::move(above.repositories)),
      lists(std::move(beneath.keyring), std::move(above.keyring)),
      lists(std::move(beneath.runtime_keyring), std::move(above.runtime_keyring)),
      lists(std::move(beneath.packages), std::move(above.packages)),
      values(std::move(beneath.baseimage), std::move(above.baseimage)),
  };
}

Accounts merge_accounts(Accounts beneath, Accounts above) {
  return {values(std::move(beneath.run_as), std::move(above.run_as)),
          lists(std::move(beneath.users), std::move(above.users)),
          lists(std::move(beneath.groups), std::move(above.groups))};
}

Certificates merge_certificates(Certificates beneath, Certificates above) {
  return {lists(std::move(beneath.additional), std::move(above.additional)),
          lists(std::move(beneath.providers), std::move(above.providers))};
}

/// apko's own keys.
void merge_apko_keys(Recipe& merged, Recipe& beneath, Recipe& above) {
  merged.contents = merge_contents(std::move(beneath.contents), std::move(above.contents));
  merged.entrypoint = above.entrypoint == Entrypoint{} ? std::move(beneath.entrypoint)
                                                       : std::move(above.entrypoint);
  merged.cmd = values(std::move(beneath.cmd), std::move(above.cmd));
  merged.stop_signal = values(std::move(beneath.stop_signal), std::move(above.stop_signal));
  merged.work_dir = values(std::move(beneath.work_dir), std::move(above.work_dir));
  merged.accounts = merge_accounts(std::move(beneath.accounts), std::move(above.accounts));
  merged.archs = values(std::move(beneath.archs), std::move(above.archs));
  merged.environment = maps(std::move(beneath.environment), std::move(above.environment));
  merged.paths = lists(std::move(beneath.paths), std::move(above.paths));
  merged.vcs_url = values(std::move(beneath.vcs_url), std::move(above.vcs_url));
  merged.annotations = maps(std::move(beneath.annotations), std::move(above.annotations));
  merged.volumes = lists(std::move(beneath.volumes), std::move(above.volumes));
  merged.layering = values(std::move(beneath.layering), std::move(above.layering));
  merged.format = values(std::move(beneath.format), std::move(above.format));
  merged.certificates =
      merge_certificates(std::move(beneath.certificates), std::move(above.certificates));
}

}  // namespace

RecipePart merge_parts(RecipePart beneath, RecipePart above) {
  RecipePart part;
  Recipe& merged = part.recipe;
  Recipe& low = beneath.recipe;
  Recipe& high = above.recipe;
  merge_apko_keys(merged, low, high);
  merged.vars = maps(std::move(low.vars), std::move(high.vars));
  merged.skeleton = values(std::move(low.skeleton), std::move(high.skeleton));
  merged.labels = maps(std::move(low.labels), std::move(high.labels));
  merged.author = values(std::move(low.author), std::move(high.author));
  merged.exposed_ports = lists(std::move(low.exposed_ports), std::move(high.exposed_ports));
  merged.healthcheck = values(std::move(low.healthcheck), std::move(high.healthcheck));
  merged.files = lists(std::move(low.files), std::move(high.files));
  merged.scripts.packages = maps(std::move(low.scripts.packages), std::move(high.scripts.packages));
  merged.prune = lists(std::move(low.prune), std::move(high.prune));
  merged.mirrors = maps(std::move(low.mirrors), std::move(high.mirrors));
  part.script_policy = values(beneath.script_policy, above.script_policy);
  part.compression = values(beneath.compression, above.compression);
  part.apk_database = values(beneath.apk_database, above.apk_database);
  return part;
}

Recipe to_recipe(RecipePart part) {
  Recipe recipe = std::move(part.recipe);
  recipe.scripts.policy = part.script_policy.value_or(ScriptPolicy::automatic);
  recipe.compression = part.compression.value_or(Compression{});
  recipe.apk_database = part.apk_database.value_or(ApkDatabase::keep);
  return recipe;
}

}  // namespace tarn::builder
