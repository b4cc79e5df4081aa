#include "builder/report/size_json.h"

#include <fmt/core.h>

namespace tarn::builder {
namespace {

nlohmann::ordered_json share_json(const SizeShare& share) {
  return {{"installed", share.installed}, {"compressed", share.compressed}, {"files", share.files}};
}

nlohmann::ordered_json named_shares_json(const std::vector<NamedShare>& shares) {
  auto all = nlohmann::ordered_json::array();
  for (const NamedShare& one : shares) {
    all.push_back({{"name", one.name}});
    all.back().update(share_json(one.share));
  }
  return all;
}

nlohmann::ordered_json sized_tree_json(const TreeSize& tree) {
  nlohmann::ordered_json json = {{"name", tree.name}};
  json.update(share_json(tree.share));
  if (tree.children.empty()) return json;
  auto& children = json["children"] = nlohmann::ordered_json::array();
  for (const TreeSize& child : tree.children) children.push_back(sized_tree_json(child));
  return json;
}

nlohmann::ordered_json package_size_json(const PackageSize& package) {
  nlohmann::ordered_json json = {
      {"name", package.name}, {"version", package.version}, {"origin", package.origin}};
  json.update(share_json(package.share));
  json["wanted"] = package.is_wanted;
  if (!package.is_wanted) return json;
  json["alone"] = share_json(package.alone);
  json["alone"]["packages"] = package.alone_packages;
  return json;
}

const char* kind_name(Saving::Kind kind) {
  switch (kind) {
    case Saving::Kind::prune:
      return "prune";
    case Saving::Kind::apk_database:
      return "apk-database";
    case Saving::Kind::package:
      return "package";
  }
  return "";
}

}  // namespace

std::string saving_text(const Saving& saving) {
  switch (saving.kind) {
    case Saving::Kind::prune:
      // What has a '*' is no plain word in YAML.
      return saving.name.find('*') == saving.name.npos
                 ? fmt::format("prune: [{}]", saving.name)
                 : fmt::format("prune: [\"{}\"]", saving.name);
    case Saving::Kind::apk_database:
      return "apk-database: drop";
    case Saving::Kind::package:
      return "without " + saving.name;
  }
  return {};
}

nlohmann::ordered_json size_json(const SizeReport& report) {
  nlohmann::ordered_json json = share_json(report.whole);
  json["unowned"] = share_json(report.unowned);
  json["hidden"] = share_json(report.hidden);
  json["packages"] = nlohmann::ordered_json::array();
  for (const PackageSize& package : report.packages)
    json["packages"].push_back(package_size_json(package));
  json["origins"] = named_shares_json(report.origins);
  json["types"] = named_shares_json(report.types);
  json["savings"] = nlohmann::ordered_json::array();
  for (const Saving& saving : report.savings) {
    auto& one = json["savings"].emplace_back();
    one = {{"what", saving_text(saving)}, {"kind", kind_name(saving.kind)}, {"name", saving.name}};
    one.update(share_json(saving.share));
    if (saving.kind == Saving::Kind::package) one["packages"] = saving.packages;
  }
  json["tree"] = sized_tree_json(report.tree);
  return json;
}

}  // namespace tarn::builder
