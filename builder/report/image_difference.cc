#include "builder/report/image_difference.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/core.h>

#include "apk/model/version.h"

namespace tarn::builder {
namespace {

using Owners = std::unordered_map<const Entry*, std::string>;

/// The packages whose files the entries are.
Owners owners_of(const ComparedImage& image) {
  Owners owners;
  for (const apk::InstalledPackage& installed : image.packages)
    for (const std::string& path : apk::file_paths(installed))
      if (const Entry* entry = image.rootfs.find(path))
        owners.insert_or_assign(entry, installed.package.name);
  return owners;
}

std::vector<PackageDifference> compare_packages(const ComparedImage& before,
                                                const ComparedImage& after) {
  std::map<std::string, std::pair<const apk::Package*, const apk::Package*>> packages;
  for (const auto& installed : before.packages)
    packages[installed.package.name].first = &installed.package;
  for (const auto& installed : after.packages)
    packages[installed.package.name].second = &installed.package;
  std::vector<PackageDifference> differences;
  for (const auto& [name, versions] : packages) {
    const auto& [old, now] = versions;
    PackageDifference difference;
    difference.name = name;
    if (old != nullptr) {
      difference.before = old->version;
      difference.size_before = old->installed_size;
    }
    if (now != nullptr) {
      difference.after = now->version;
      difference.size_after = now->installed_size;
    }
    if (old == nullptr) {
      difference.change = PackageChange::added;
    } else if (now == nullptr) {
      difference.change = PackageChange::removed;
    } else if (old->version != now->version) {
      difference.change = apk::compare_versions(old->version, now->version) > 0
                              ? PackageChange::downgraded
                              : PackageChange::upgraded;
    } else if (old->identity != now->identity) {
      difference.change = PackageChange::rebuilt;
    } else {
      continue;
    }
    differences.push_back(std::move(difference));
  }
  return differences;
}

std::string_view type_name(NodeType type) {
  switch (type) {
    case NodeType::directory:
      return "directory";
    case NodeType::file:
      return "file";
    case NodeType::symlink:
      return "link";
    case NodeType::character_device:
      return "character device";
    case NodeType::block_device:
      return "block device";
    case NodeType::fifo:
      return "named pipe";
  }
  return "";
}

std::uint64_t size_of(const Node& node) {
  return node.type == NodeType::file ? node.content.size : 0;
}

std::string xattrs_text(const Node& node) {
  std::string text;
  for (const auto& [name, value] : node.xattrs)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, to_hex(as_bytes(value)));
  return text;
}

std::vector<ValueDifference> compare_nodes(const Node& before, const Node& after) {
  std::vector<ValueDifference> values;
  const auto compare = [&values](const char* name, std::string old, std::string now) {
    if (old != now) values.push_back({name, std::move(old), std::move(now)});
  };
  compare("type", std::string(type_name(before.type)), std::string(type_name(after.type)));
  compare("mode", fmt::format("{:04o}", before.mode), fmt::format("{:04o}", after.mode));
  compare("owner", fmt::format("{}:{}", before.uid, before.gid),
          fmt::format("{}:{}", after.uid, after.gid));
  compare("target", before.target, after.target);
  compare("device", fmt::format("{}:{}", before.device_major, before.device_minor),
          fmt::format("{}:{}", after.device_major, after.device_minor));
  compare("xattrs", xattrs_text(before), xattrs_text(after));
  if (before.type != NodeType::file || after.type != NodeType::file) return values;
  compare("size", fmt::format("{}", before.content.size), fmt::format("{}", after.content.size));
  if (before.content.size != after.content.size || before.content.read() != after.content.read())
    values.push_back({"content", "", ""});
  return values;
}

/// Walks two trees side by side.
class TreeComparison {
 public:
  TreeComparison(const ComparedImage& before, const ComparedImage& after)
      : before_owners_(owners_of(before)), after_owners_(owners_of(after)) {}

  void compare(const Node* before, const Node* after, const std::string& prefix) {
    std::set<std::string_view> names;
    if (before != nullptr)
      for (const auto& [name, entry] : before->children) names.insert(name);
    if (after != nullptr)
      for (const auto& [name, entry] : after->children) names.insert(name);
    for (const std::string_view name : names)
      compare_entries(child(before, name), child(after, name), prefix + std::string(name));
  }
  std::vector<FileDifference> take() { return std::move(differences_); }

 private:
  static const Entry* child(const Node* node, std::string_view name) {
    if (node == nullptr) return nullptr;
    const auto found = node->children.find(name);
    return found != node->children.end() ? &found->second : nullptr;
  }
  static const Node* directory(const Entry* entry) {
    return entry != nullptr && entry->node->type == NodeType::directory ? entry->node.get()
                                                                        : nullptr;
  }
  static std::string owner(const Owners& owners, const Entry* entry) {
    const auto found = owners.find(entry);
    return found != owners.end() ? found->second : std::string();
  }

  void compare_entries(const Entry* before, const Entry* after, const std::string& path) {
    FileDifference difference;
    difference.path = path;
    if (before != nullptr) difference.size_before = size_of(*before->node);
    if (after != nullptr) difference.size_after = size_of(*after->node);
    difference.package =
        after != nullptr ? owner(after_owners_, after) : owner(before_owners_, before);
    if (before != nullptr && after != nullptr) {
      difference.change = FileChange::changed;
      difference.values = compare_nodes(*before->node, *after->node);
    } else {
      difference.change = after != nullptr ? FileChange::added : FileChange::removed;
    }
    if (difference.change != FileChange::changed || !difference.values.empty())
      differences_.push_back(std::move(difference));
    compare(directory(before), directory(after), path + "/");
  }

  Owners before_owners_;
  Owners after_owners_;
  std::vector<FileDifference> differences_;
};

std::string value_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

using Values = std::map<std::string, std::string>;

/// "NAME=VALUE" in a list are values of their own.
void add_environment(const Json& list, Values& values) {
  for (const Json& item : list) {
    if (!item.is_string()) continue;
    const std::string text = item.get<std::string>();
    const std::size_t equals = std::min(text.find('='), text.size());
    values["Env." + text.substr(0, equals)] =
        equals < text.size() ? text.substr(equals + 1) : std::string();
  }
}

void add_members(const std::string& prefix, const Json& object, Values& values) {
  for (const auto& [key, value] : object.items()) values[prefix + key] = value_text(value);
}

/// What an image is run with, and what it says of itself; not what follows from the layers.
Values values_of(const ComparedImage& image) {
  Values values;
  for (const char* key : {"architecture", "os", "variant", "author", "created"})
    if (image.config.contains(key)) values[key] = value_text(image.config[key]);
  if (image.config.contains("config") && image.config["config"].is_object())
    for (const auto& [key, value] : image.config["config"].items()) {
      if (key == "Env" && value.is_array())
        add_environment(value, values);
      else if (value.is_object() && key != "Healthcheck")
        add_members(key + ".", value, values);
      else if (!value.is_null())
        values[key] = value_text(value);
    }
  if (image.manifest.contains("annotations") && image.manifest["annotations"].is_object())
    add_members("annotations.", image.manifest["annotations"], values);
  return values;
}

std::vector<ValueDifference> compare_values(const Values& before, const Values& after) {
  std::set<std::string> names;
  for (const auto& [name, value] : before) names.insert(name);
  for (const auto& [name, value] : after) names.insert(name);
  std::vector<ValueDifference> differences;
  for (const std::string& name : names) {
    const auto old = before.find(name);
    const auto now = after.find(name);
    ValueDifference difference{name, old != before.end() ? old->second : "",
                               now != after.end() ? now->second : ""};
    const bool is_one_sided = (old == before.end()) != (now == after.end());
    if (is_one_sided || difference.before != difference.after)
      differences.push_back(std::move(difference));
  }
  return differences;
}

}  // namespace

ImageDifference compare_images(const ComparedImage& before, const ComparedImage& after) {
  ImageDifference difference;
  difference.packages = compare_packages(before, after);
  TreeComparison trees(before, after);
  trees.compare(&before.rootfs.root(), &after.rootfs.root(), "");
  difference.files = trees.take();
  std::ranges::stable_sort(difference.files, {}, &FileDifference::path);
  difference.config = compare_values(values_of(before), values_of(after));
  difference.size_before = before.size;
  difference.size_after = after.size;
  difference.unpacked_before = before.unpacked_size;
  difference.unpacked_after = after.unpacked_size;
  return difference;
}

std::string_view name_of(PackageChange change) {
  switch (change) {
    case PackageChange::added:
      return "added";
    case PackageChange::removed:
      return "removed";
    case PackageChange::upgraded:
      return "upgraded";
    case PackageChange::downgraded:
      return "downgraded";
    case PackageChange::rebuilt:
      return "rebuilt";
  }
  return "";
}

std::string_view name_of(FileChange change) {
  switch (change) {
    case FileChange::added:
      return "added";
    case FileChange::removed:
      return "removed";
    case FileChange::changed:
      return "changed";
  }
  return "";
}

}  // namespace tarn::builder
