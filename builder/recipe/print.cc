#include "builder/recipe/print.h"

#include <nlohmann/json.hpp>

#include "apk/support/url.h"
#include "builder/recipe/compression.h"
#include "builder/recipe/origin.h"
#include "builder/recipe/yaml_writer.h"

namespace tarn::builder {
namespace {

using Json = nlohmann::ordered_json;

void put(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = redact_urls(text);
}

void put(Json& object, const char* key, Json value) {
  if (!value.empty()) object[key] = std::move(value);
}

void put(Json& object, const char* key, const std::optional<std::uint32_t>& number) {
  if (number) object[key] = *number;
}

Json texts(const std::vector<std::string>& list) {
  Json array = Json::array();
  for (const auto& text : list) array.push_back(redact_urls(text));
  return array;
}

Json texts(const std::vector<Located>& list) {
  Json array = Json::array();
  for (const auto& item : list) array.push_back(redact_urls(item.text));
  return array;
}

Json text_map(const std::map<std::string, std::string>& map) {
  Json object = Json::object();
  for (const auto& [key, text] : map) object[redact_urls(key)] = redact_urls(text);
  return object;
}

template <typename Item, typename Describe>
Json list(const std::vector<Item>& items, Describe describe) {
  Json array = Json::array();
  for (const auto& item : items) array.push_back(describe(item));
  return array;
}

template <typename Item>
Json named_content(const Item& item) {
  return Json{{"name", item.name}, {"content", item.content}};
}

Json describe_contents(const Contents& contents) {
  Json object = Json::object();
  put(object, "build_repositories", texts(contents.build_repositories));
  put(object, "runtime_repositories", texts(contents.runtime_repositories));
  put(object, "repositories", texts(contents.repositories));
  put(object, "keyring", texts(contents.keyring));
  put(object, "runtime_keyring",
      list(contents.runtime_keyring, named_content<Contents::RuntimeKey>));
  put(object, "packages", texts(contents.packages));
  if (const auto& image = contents.baseimage) {
    object["baseimage"]["image"] = image->image;
    if (!image->apkindex.empty()) object["baseimage"]["apkindex"] = image->apkindex;
  }
  return object;
}

Json describe_entrypoint(const Entrypoint& entrypoint) {
  Json object = Json::object();
  put(object, "type", entrypoint.type);
  put(object, "command", entrypoint.command);
  put(object, "shell-fragment", entrypoint.shell_fragment);
  put(object, "services", text_map(entrypoint.services));
  return object;
}

Json describe_user(const User& user) {
  Json object{{"username", user.name}, {"uid", user.uid}};
  put(object, "gid", user.gid);
  put(object, "shell", user.shell);
  put(object, "homedir", user.home);
  return object;
}

Json describe_group(const Group& group) {
  Json object{{"groupname", group.name}, {"gid", group.gid}};
  put(object, "members", texts(group.members));
  return object;
}

Json describe_accounts(const Accounts& accounts) {
  Json object = Json::object();
  put(object, "run-as", accounts.run_as);
  put(object, "users", list(accounts.users, describe_user));
  put(object, "groups", list(accounts.groups, describe_group));
  return object;
}

const char* name_of(PathType type) {
  switch (type) {
    case PathType::directory:
      return "directory";
    case PathType::empty_file:
      return "empty-file";
    case PathType::hardlink:
      return "hardlink";
    case PathType::symlink:
      return "symlink";
    case PathType::permissions:
      break;
  }
  return "permissions";
}

Json describe_path(const PathEntry& entry) {
  Json object{{"path", entry.path}, {"type", name_of(entry.type)}};
  put(object, "uid", entry.uid);
  put(object, "gid", entry.gid);
  put(object, "permissions", entry.permissions);
  put(object, "source", entry.source);
  if (entry.recursive) object["recursive"] = true;
  return object;
}

/// An absolute path of the host as it counts from the recipe's folder, in a form that reads as a
/// path.
std::string from_folder(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const auto relative = path.lexically_relative(folder).string();
  if (relative == "..") return "../";
  return relative.starts_with("../") ? relative : "./" + relative;
}

Json describe_file(const FileEntry& entry, const std::filesystem::path& folder) {
  Json object{{"path", entry.path}};
  if (entry.content) object["content"] = redact_urls(*entry.content);
  if (entry.source) object["source"] = from_folder(*entry.source, folder);
  put(object, "mode", entry.mode);
  if (entry.uid != 0) object["uid"] = entry.uid;
  if (entry.gid != 0) object["gid"] = entry.gid;
  return object;
}

const char* name_of(ScriptPolicy policy) {
  switch (policy) {
    case ScriptPolicy::automatic:
      return "auto";
    case ScriptPolicy::strict:
      return "strict";
    case ScriptPolicy::native:
      return "native";
    case ScriptPolicy::sandbox:
      return "sandbox";
    case ScriptPolicy::skip:
      break;
  }
  return "skip";
}

Json describe_scripts(const Scripts& scripts) {
  if (scripts.packages.empty())
    return scripts.policy == ScriptPolicy::automatic ? Json() : Json(name_of(scripts.policy));
  Json object = Json::object();
  if (scripts.policy != ScriptPolicy::automatic) object["*"] = name_of(scripts.policy);
  for (const auto& [package, policy] : scripts.packages) object[package] = name_of(policy);
  return object;
}

Json describe_compression(const Compression& compression) {
  if (compression == Compression{}) return Json();
  Json object{{"codec", name_of(compression.codec)}};
  if (compression.level) object["level"] = *compression.level;
  return object;
}

Json describe_certificates(const Certificates& certificates) {
  Json object = Json::object();
  put(object, "additional", list(certificates.additional, named_content<Certificate>));
  put(object, "providers", texts(certificates.providers));
  return object;
}

Json describe_mirrors(const std::map<std::string, std::vector<std::string>>& mirrors) {
  Json object = Json::object();
  for (const auto& [prefix, substitutes] : mirrors)
    object[redact_urls(prefix)] = texts(substitutes);
  return object;
}

std::string describe_duration(std::chrono::milliseconds time) {
  if (time.count() == 0) return {};
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + "s"
                                  : std::to_string(time.count()) + "ms";
}

Json describe_healthcheck(const Healthcheck& check) {
  if (check.kind == Healthcheck::Kind::none) return "none";
  Json object = Json::object();
  put(object, check.kind == Healthcheck::Kind::command ? "command" : "shell-fragment", check.text);
  put(object, "interval", describe_duration(check.interval));
  put(object, "timeout", describe_duration(check.timeout));
  put(object, "start-period", describe_duration(check.start_period));
  if (check.retries != 0) object["retries"] = check.retries;
  return object;
}

void describe_image(const Recipe& recipe, Json& object) {
  put(object, "entrypoint", describe_entrypoint(recipe.entrypoint));
  put(object, "cmd", recipe.cmd);
  put(object, "stop-signal", recipe.stop_signal);
  put(object, "work-dir", recipe.work_dir);
  put(object, "accounts", describe_accounts(recipe.accounts));
  put(object, "archs", texts(recipe.archs));
  put(object, "environment", text_map(recipe.environment));
  put(object, "paths", list(recipe.paths, describe_path));
  put(object, "vcs-url", recipe.vcs_url);
  put(object, "annotations", text_map(recipe.annotations));
  put(object, "volumes", texts(recipe.volumes));
  if (recipe.layering)
    object["layering"] = {{"strategy", recipe.layering->strategy},
                          {"budget", recipe.layering->budget}};
  if (recipe.format) object["format"] = recipe.format->text;
  put(object, "certificates", describe_certificates(recipe.certificates));
  put(object, "labels", text_map(recipe.labels));
  put(object, "author", recipe.author);
  put(object, "exposed-ports", texts(recipe.exposed_ports));
  if (recipe.healthcheck) object["healthcheck"] = describe_healthcheck(*recipe.healthcheck);
}

Json describe(const Recipe& recipe) {
  const auto folder = origin_of(recipe.file).folder;
  Json object = Json::object();
  put(object, "vars", text_map(recipe.vars));
  put(object, "contents", describe_contents(recipe.contents));
  describe_image(recipe, object);
  if (recipe.skeleton.starts_with('/'))
    object["skeleton"] = from_folder(recipe.skeleton, folder);
  else
    put(object, "skeleton", recipe.skeleton);
  put(object, "files",
      list(recipe.files, [&](const FileEntry& entry) { return describe_file(entry, folder); }));
  put(object, "scripts", describe_scripts(recipe.scripts));
  put(object, "compression", describe_compression(recipe.compression));
  if (recipe.apk_database == ApkDatabase::drop) object["apk-database"] = "drop";
  put(object, "prune", texts(recipe.prune));
  put(object, "mirrors", describe_mirrors(recipe.mirrors));
  return object;
}

}  // namespace

std::string print_recipe(const Recipe& recipe, RecipeFormat format) {
  const auto object = describe(recipe);
  return format == RecipeFormat::json ? object.dump(2) + "\n" : write_yaml(object);
}

}  // namespace tarn::builder
