#include "builder/report/json_difference.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>

namespace tarn::builder {
namespace {

using Values = std::map<std::string, std::string>;

std::string flat_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_descriptor(const Json& object) {
  return object.contains("digest") && object.contains("size") && object.contains("mediaType");
}

void add_environment(const std::string& name, const Json& list, Values& values) {
  for (const Json& item : list) {
    const std::string text = flat_text(item);
    const std::size_t equals = std::min(text.find('='), text.size());
    std::string key = name + "." + text.substr(0, equals);
    while (values.contains(key)) key += " (again)";
    values[key] = text.substr(std::min(equals + 1, text.size()));
  }
}

/// What a document says, flat.
void add_values(const std::string& name, const Json& json, Values& values) {
  const std::string prefix = name.empty() ? std::string() : name + ".";
  if (json.is_object() && !json.empty()) {
    for (const auto& [key, value] : json.items()) {
      const bool follows =
          key == "diff_ids" || (is_descriptor(json) && (key == "digest" || key == "size"));
      if (!follows) add_values(prefix + key, value, values);
    }
  } else if (json.is_array() && name.ends_with("Env")) {
    add_environment(name, json, values);
  } else if (json.is_array() && !json.empty() &&
             std::ranges::all_of(json, [](const Json& item) { return item.is_object(); })) {
    for (std::size_t i = 0; i < json.size(); ++i)
      add_values(fmt::format("{}[{}]", name, i), json[i], values);
  } else {
    values[name] = flat_text(json);
  }
}

}  // namespace

std::vector<ValueDifference> compare_json(const Json& before, const Json& after) {
  Values old;
  Values now;
  add_values("", before, old);
  add_values("", after, now);
  std::set<std::string> names;
  for (const auto& [name, value] : old) names.insert(name);
  for (const auto& [name, value] : now) names.insert(name);
  std::vector<ValueDifference> differences;
  for (const std::string& name : names) {
    const auto left = old.find(name);
    const auto right = now.find(name);
    if (left != old.end() && right != now.end() && left->second == right->second) continue;
    differences.push_back({name, left != old.end() ? left->second : std::string(),
                           right != now.end() ? right->second : std::string()});
  }
  return differences;
}

}  // namespace tarn::builder
