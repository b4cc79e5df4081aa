#include "builder/cli/apk_json.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace tarn::builder {
namespace {

template <typename Values>
void add_list(nlohmann::ordered_json& json, const char* key, const Values& values) {
  if (values.empty()) return;
  auto& list = json[key] = nlohmann::ordered_json::array();
  for (const auto& value : values) list.push_back(value.str());
}

void add_text(nlohmann::ordered_json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

}  // namespace

nlohmann::ordered_json package_json(const apk::Package& package) {
  nlohmann::ordered_json json;
  json["name"] = package.name;
  json["version"] = package.version;
  json["arch"] = package.arch;
  json["identity"] = package.identity.str();
  json["size"] = package.size;
  json["installed_size"] = package.installed_size;
  add_text(json, "description", package.description);
  add_text(json, "url", package.url);
  add_text(json, "license", package.license);
  add_text(json, "origin", package.origin);
  add_text(json, "maintainer", package.maintainer);
  json["build_time"] = package.build_time;
  add_text(json, "commit", package.commit);
  if (package.provider_priority != 0) json["provider_priority"] = package.provider_priority;
  add_list(json, "depends", package.depends);
  add_list(json, "provides", package.provides);
  add_list(json, "install_if", package.install_if);
  add_list(json, "replaces", package.replaces);
  if (package.replaces_priority != 0) json["replaces_priority"] = package.replaces_priority;
  return json;
}

const char* entry_type_name(apk::EntryType type) {
  switch (type) {
    case apk::EntryType::directory:
      return "directory";
    case apk::EntryType::file:
      return "file";
    case apk::EntryType::symlink:
      return "symlink";
    case apk::EntryType::hard_link:
      return "hard_link";
    case apk::EntryType::character_device:
      return "character_device";
    case apk::EntryType::block_device:
      return "block_device";
    case apk::EntryType::fifo:
      return "fifo";
  }
  return "unknown";
}

nlohmann::ordered_json entry_json(const apk::DataEntry& entry) {
  nlohmann::ordered_json json;
  json["path"] = entry.path;
  json["type"] = entry_type_name(entry.type);
  json["mode"] = fmt::format("{:04o}", entry.mode);
  json["user"] = entry.user;
  json["group"] = entry.group;
  json["uid"] = entry.uid;
  json["gid"] = entry.gid;
  json["mtime"] = entry.mtime;
  if (entry.type == apk::EntryType::file) json["size"] = entry.size;
  add_text(json, "target", entry.target);
  if (entry.type == apk::EntryType::character_device || entry.type == apk::EntryType::block_device)
    json["device"] = fmt::format("{}:{}", entry.device_major, entry.device_minor);
  if (entry.checksum) json["sha1"] = to_hex(*entry.checksum);
  for (const auto& [name, value] : entry.xattrs) json["xattrs"][name] = to_base64(as_bytes(value));
  return json;
}

}  // namespace tarn::builder
