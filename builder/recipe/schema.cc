#include "builder/recipe/schema.h"

#include <algorithm>

#include <fmt/core.h>

#include "apk/model/architecture.h"
#include "apk/model/dependency.h"
#include "apk/support/url.h"
#include "builder/recipe/compression.h"
#include "builder/recipe/decode.h"
#include "builder/recipe/names.h"
#include "builder/recipe/schema_contents.h"
#include "builder/recipe/schema_image.h"
#include "builder/recipe/schema_rootfs.h"

namespace tarn::builder {
namespace {

/// The keys of a recipe and of a variant; `include` and `variants` stand in a recipe only.
std::vector<std::string> recipe_keys() {
  return {"contents", "entrypoint",    "cmd",          "stop-signal", "work-dir",    "accounts",
          "archs",    "environment",   "paths",        "vcs-url",     "annotations", "volumes",
          "layering", "format",        "certificates", "vars",        "skeleton",    "files",
          "scripts",  "compression",   "apk-database", "prune",       "mirrors",     "labels",
          "author",   "exposed-ports", "healthcheck"};
}

Entrypoint decode_entrypoint(const YamlNode& node) {
  const KeyedMapping mapping(node, "entrypoint", {"type", "command", "shell-fragment", "services"});
  Entrypoint entrypoint;
  entrypoint.type = mapping.text("type");
  if (!entrypoint.type.empty() && entrypoint.type != "service-bundle")
    throw recipe_error(mapping.require("type").position,
                       "entrypoint.type: unknown value " + quote(entrypoint.type))
        .hint("it is 'service-bundle' or absent");
  entrypoint.command = mapping.text("command");
  entrypoint.shell_fragment = mapping.text("shell-fragment");
  entrypoint.services = mapping.text_map("services");
  for (const auto& [name, command] : entrypoint.services)
    if (!is_file_name(name))
      throw recipe_error(mapping.require("services").position,
                         "entrypoint.services: not a file name: " + quote(name));
  return entrypoint;
}

std::vector<Located> decode_archs(const KeyedMapping& mapping) {
  auto archs = mapping.texts("archs");
  for (const auto& arch : archs) {
    if (apk::Architecture::parse(arch.text)) continue;
    std::vector<std::string> known;
    for (const auto& architecture : apk::Architecture::all()) known.push_back(architecture.apk);
    throw recipe_error(arch.position, "archs: unknown architecture " + quote(arch.text))
        .hint(spelling_hint(arch.text, known, "architectures"));
  }
  return archs;
}

/// Names that an image's config or manifest takes as keys.
std::map<std::string, std::string> decode_names(const KeyedMapping& mapping, std::string_view key,
                                                std::string_view forbidden) {
  const auto* node = mapping.find(key);
  if (node == nullptr) return {};
  for (const auto& entry : read_mapping(*node, mapping.path_of(key)))
    if (entry.key.empty() || !is_printable(entry.key) ||
        entry.key.find_first_of(forbidden) != std::string::npos)
      throw recipe_error(entry.position,
                         fmt::format("{}: not a name: {}", mapping.path_of(key), quote(entry.key)));
  return read_text_map(*node, mapping.path_of(key));
}

/// `vars`: their names are those that `${NAME}` takes.
std::map<std::string, std::string> decode_vars(const KeyedMapping& mapping) {
  const auto* node = mapping.find("vars");
  if (node == nullptr) return {};
  for (const auto& entry : read_mapping(*node, "vars"))
    if (!is_variable_name(entry.key))
      throw recipe_error(entry.position, "vars: not a variable name: " + quote(entry.key))
          .hint("a name is a letter followed by letters, digits and '_'");
  return read_text_map(*node, "vars");
}

std::optional<Layering> decode_layering(const KeyedMapping& parent) {
  const auto* node = parent.find("layering");
  if (node == nullptr) return std::nullopt;
  const KeyedMapping mapping(*node, "layering", {"strategy", "budget"});
  Layering layering;
  layering.position = node->position;
  layering.strategy = mapping.text("strategy");
  layering.budget = static_cast<int>(mapping.number("budget", 1000).value_or(0));
  if (layering.strategy.empty()) {
    if (mapping.find("budget") != nullptr) mapping.require("strategy");
    return std::nullopt;
  }
  if (layering.strategy != "origin")
    throw recipe_error(mapping.require("strategy").position,
                       "layering.strategy: unknown value " + quote(layering.strategy))
        .hint("the one strategy is 'origin'");
  return layering;
}

std::optional<Located> decode_format(const KeyedMapping& mapping) {
  const auto* node = mapping.find("format");
  if (node == nullptr || read_text(*node, "format").empty()) return std::nullopt;
  return Located{read_choice<std::string>(*node, "format", {{"tar", "tar"}, {"erofs", "erofs"}}),
                 node->position};
}

const std::vector<std::pair<std::string, ScriptPolicy>>& script_policies() {
  static const std::vector<std::pair<std::string, ScriptPolicy>> policies = {
      {"auto", ScriptPolicy::automatic},
      {"strict", ScriptPolicy::strict},
      {"native", ScriptPolicy::native},
      {"sandbox", ScriptPolicy::sandbox},
      {"skip", ScriptPolicy::skip}};
  return policies;
}

/// A policy for all packages, or a mapping from packages to policies, in which '*' stands for all
/// the others.
void decode_scripts(const YamlNode& node, RecipePart& part) {
  if (node.kind != YamlNode::Kind::mapping) {
    part.script_policy = read_choice(node, "scripts", script_policies());
    return;
  }
  for (const auto& entry : node.entries) {
    const auto policy = read_choice(*entry.value, "scripts." + entry.key, script_policies());
    if (entry.key == "*")
      part.script_policy = policy;
    else if (apk::is_valid_package_name(entry.key))
      part.recipe.scripts.packages[entry.key] = policy;
    else
      throw recipe_error(entry.position, "scripts: not a package name: " + quote(entry.key))
          .hint("'*' stands for all packages that are not named");
  }
}

Compression decode_compression(const YamlNode& node) {
  const KeyedMapping mapping(node, "compression", {"codec", "level"});
  Compression compression;
  if (const auto* codec = mapping.find("codec"))
    compression.codec = read_choice(*codec, mapping.path_of("codec"), codec_names());
  const auto* level = mapping.find("level");
  if (level == nullptr) return compression;
  if (compression.codec == Codec::none)
    throw recipe_error(level->position, "compression.level: codec 'none' has no level");
  const auto largest = static_cast<std::uint64_t>(highest_level(compression.codec));
  compression.level = static_cast<int>(read_number(*level, mapping.path_of("level"), 1, largest));
  return compression;
}

std::string decode_skeleton(const KeyedMapping& mapping, const Origin& origin) {
  const auto* node = mapping.find("skeleton");
  if (node == nullptr) return {};
  const auto& text = read_text(*node, "skeleton");
  if (text.find('/') == std::string::npos) {
    if (text.empty() || is_file_name(text)) return text;
    throw recipe_error(node->position, "skeleton: not a name: " + quote(text))
        .hint("a path has a '/' in it: ./NAME");
  }
  return origin.absolute(text, node->position).string();
}

std::vector<Located> decode_prune(const KeyedMapping& mapping) {
  auto items = mapping.texts("prune");
  for (const auto& item : items)
    if (!item.text.starts_with('/') && !is_file_name(item.text))
      throw recipe_error(item.position,
                         "prune: neither a named set nor a glob from '/' on: " + quote(item.text));
  return items;
}

std::map<std::string, std::vector<std::string>> decode_mirrors(const KeyedMapping& mapping,
                                                               const Origin& origin) {
  std::map<std::string, std::vector<std::string>> mirrors;
  const auto* node = mapping.find("mirrors");
  if (node == nullptr) return mirrors;
  const auto check = [](const std::string& url, const Position& position) {
    if (!Url::parse(url)) throw recipe_error(position, "mirrors: not a URL: " + quote(url));
  };
  for (const auto& entry : read_mapping(*node, "mirrors")) {
    check(entry.key, entry.position);
    auto& substitutes = mirrors[entry.key];
    for (const auto& item : read_texts(*entry.value, "mirrors")) {
      check(item.text, item.position);
      substitutes.push_back(origin.relocate_place(item.text, item.position));
    }
  }
  return mirrors;
}

void decode_image_keys(const KeyedMapping& mapping, Recipe& recipe) {
  if (const auto* entrypoint = mapping.find("entrypoint"))
    recipe.entrypoint = decode_entrypoint(*entrypoint);
  recipe.cmd = mapping.text("cmd");
  recipe.stop_signal = mapping.text("stop-signal");
  recipe.work_dir = mapping.text("work-dir");
  recipe.archs = decode_archs(mapping);
  recipe.environment = decode_names(mapping, "environment", "=");
  recipe.vcs_url = mapping.text("vcs-url");
  recipe.annotations = decode_names(mapping, "annotations", "");
  for (auto& volume : mapping.texts("volumes")) recipe.volumes.push_back(std::move(volume.text));
  recipe.layering = decode_layering(mapping);
  recipe.format = decode_format(mapping);
  recipe.labels = decode_names(mapping, "labels", "");
  recipe.author = mapping.text("author");
  recipe.exposed_ports = decode_exposed_ports(mapping);
  if (const auto* check = mapping.find("healthcheck"))
    recipe.healthcheck = decode_healthcheck(*check);
}

RecipePart decode_part(const KeyedMapping& mapping, const Origin& origin) {
  RecipePart part;
  Recipe& recipe = part.recipe;
  if (const auto* contents = mapping.find("contents"))
    recipe.contents = decode_contents(*contents, origin);
  decode_image_keys(mapping, recipe);
  if (const auto* accounts = mapping.find("accounts")) recipe.accounts = decode_accounts(*accounts);
  for (const auto& entry : mapping.list("paths")) recipe.paths.push_back(decode_path_entry(*entry));
  if (const auto* certificates = mapping.find("certificates"))
    recipe.certificates = decode_certificates(*certificates);
  recipe.vars = decode_vars(mapping);
  recipe.skeleton = decode_skeleton(mapping, origin);
  for (const auto& entry : mapping.list("files"))
    recipe.files.push_back(decode_file_entry(*entry, origin));
  if (const auto* scripts = mapping.find("scripts")) decode_scripts(*scripts, part);
  if (const auto* compression = mapping.find("compression"))
    part.compression = decode_compression(*compression);
  if (const auto* database = mapping.find("apk-database"))
    part.apk_database = read_choice<ApkDatabase>(
        *database, "apk-database", {{"keep", ApkDatabase::keep}, {"drop", ApkDatabase::drop}});
  recipe.prune = decode_prune(mapping);
  recipe.mirrors = decode_mirrors(mapping, origin);
  return part;
}

/// A key that stands one level too high, as `packages:` without `contents:`, gets told so.
void check_misplaced_keys(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::mapping) return;
  for (const auto& entry : node.entries) {
    const auto& keys = contents_keys();
    if (std::find(keys.begin(), keys.end(), entry.key) != keys.end())
      throw recipe_error(entry.position, "unknown key " + quote(entry.key))
          .hint(fmt::format("'{}' stands under 'contents'", entry.key));
  }
}

}  // namespace

RecipeDocument decode_document(const YamlNode& node, const Origin& origin) {
  check_misplaced_keys(node);
  auto keys = recipe_keys();
  keys.insert(keys.end(), {"include", "variants"});
  const KeyedMapping mapping(node, "", std::move(keys));
  RecipeDocument document;
  document.part = decode_part(mapping, origin);
  if (const auto* include = mapping.find("include"))
    if (!read_text(*include, "include").empty())
      document.include = Located{include->text, include->position};
  const auto* variants = mapping.find("variants");
  if (variants == nullptr) return document;
  for (const auto& entry : read_mapping(*variants, "variants")) {
    if (!is_file_name(entry.key))
      throw recipe_error(entry.position, "variants: not a name: " + quote(entry.key))
          .hint("letters, digits, '_', '-', '.' and '@'");
    const KeyedMapping variant(*entry.value, "variants." + entry.key, recipe_keys());
    document.variants.emplace(entry.key, decode_part(variant, origin));
  }
  return document;
}

}  // namespace tarn::builder
