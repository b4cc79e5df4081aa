#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/database/configuration.h"
#include "apk/database/installed.h"
#include "apk/database/scripts_archive.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/rootfs/database.h"
#include "builder/rootfs/installer.h"
#include "unit/rootfs/recorded_root.h"
#include "unit/shared.h"

// Real roots, as apk made them from real packages: the same packages in the same order must give
// the same tree and the same database.

using namespace tarn::builder;
namespace apk = tarn::apk;
using nlohmann::json;
using tarn::test::install_all;
using tarn::test::lines_of;
using tarn::test::Oracle;

namespace {

std::string_view type_name(NodeType type) {
  switch (type) {
    case NodeType::directory:
      return "dir";
    case NodeType::file:
      return "file";
    case NodeType::symlink:
      return "symlink";
    default:
      return "other";
  }
}

/// One node as a line of a manifest has it; times only of packages' files.
json describe(const std::string& node_path, const Entry& entry) {
  const Node& node = *entry.node;
  json line = {{"path", node_path},
               {"type", type_name(node.type)},
               {"mode", fmt::format("{:04o}", node.mode)},
               {"uid", node.uid},
               {"gid", node.gid}};
  if (node.type == NodeType::symlink) line["target"] = node.target;
  if (node.type == NodeType::file) {
    line["size"] = node.content.size;
    line["sha256"] = tarn::to_hex(tarn::sha256(node.content.read()));
    if (entry.owner.is_package()) line["mtime"] = node.mtime;
  }
  return line;
}

/// Where two texts part; empty when they are equal.
std::string first_difference(const std::string& made, const std::string& expected) {
  const auto left = lines_of(made);
  const auto right = lines_of(expected);
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string a = i < left.size() ? left[i] : "(end)";
    const std::string b = i < right.size() ? right[i] : "(end)";
    if (a != b) return fmt::format("line {}: made '{}', expected '{}'", i + 1, a, b);
  }
  return made == expected ? "" : "the last line's end";
}

/// Every difference between the tree and the recorded one.
std::string differences(const Oracle& oracle, const Rootfs& rootfs) {
  std::map<std::string, json> expected;
  for (const std::string& line : lines_of(oracle.text("manifest.jsonl"))) {
    json node = json::parse(line);
    node.erase("hardlink_group");
    expected.emplace(node["path"], std::move(node));
  }
  std::string found;
  rootfs.walk([&](const std::string& node_path, const Entry& entry) {
    // The recorded trees leave out the database; it is compared by itself.
    if (node_path.starts_with("lib/apk/db")) return;
    const json node = describe(node_path, entry);
    const auto other = expected.find(node_path);
    if (other == expected.end()) {
      found += "not expected: " + node.dump() + "\n";
      return;
    }
    if (!node.contains("mtime")) other->second.erase("mtime");
    if (node != other->second) {
      found += fmt::format("{}\n  expected {}\n", node.dump(), other->second.dump());
    }
    expected.erase(other);
  });
  for (const auto& [node_path, node] : expected) found += "missing: " + node.dump() + "\n";
  return found;
}

std::string archive_names(const std::vector<apk::InstalledPackage>& packages) {
  std::string names;
  for (const apk::InstalledPackage* installed : apk::in_database_order(packages)) {
    for (const auto& [kind, script] : installed->scripts) {
      names += apk::script_file_name(installed->package, kind) + "\n";
    }
  }
  return names;
}

}  // namespace

TEST_CASE("oracle: trees and databases of roots without scripts") {
  const auto shared = tarn::test::shared_folder();
  if (!shared) return;
  for (const std::string name : {"alpine-base-no-scripts", "aarch64-base-no-scripts"}) {
    CAPTURE(name);
    const Oracle oracle(*shared, name);
    Rootfs rootfs;
    Installer installer(rootfs);
    install_all(oracle, installer);
    write_apk_database(rootfs, {installer.packages(),
                                apk::parse_world(oracle.text("world"), "world"),
                                {oracle.architecture},
                                {},
                                {}});
    const auto text = [&rootfs](const char* file) { return rootfs.read_file(file).value_or(""); };
    CHECK(differences(oracle, rootfs) == "");
    CHECK(first_difference(text("lib/apk/db/installed"), oracle.text("installed")) == "");
    CHECK(text("lib/apk/db/triggers") == oracle.text("triggers"));
    CHECK(text("etc/apk/world") == oracle.text("world"));
    CHECK(text("etc/apk/arch") == oracle.architecture + "\n");
    CHECK(first_difference(archive_names(installer.packages()),
                           oracle.text("scripts-archive.txt")) == "");
  }
}

TEST_CASE("oracle: databases of roots whose scripts ran") {
  const auto shared = tarn::test::shared_folder();
  if (!shared) return;
  for (const std::string name : {"alpine-base", "base", "git", "nginx-php"}) {
    CAPTURE(name);
    const Oracle oracle(*shared, name);
    Rootfs rootfs;
    Installer installer(rootfs);
    // The one script here that decides what the database says: it makes the owner of its files.
    install_all(oracle, installer, [&rootfs](const std::string& package) {
      if (package != "nginx-common") return;
      const auto append = [&rootfs](const char* file, const char* line) {
        rootfs.write_file(file, rootfs.read_file(file).value_or("") + line, Owner{});
      };
      append("etc/passwd", "nginx:x:100:101:nginx:/var/lib/nginx:/sbin/nologin\n");
      append("etc/group", "nginx:x:101:nginx\n");
    });
    const auto& packages = installer.packages();
    CHECK(first_difference(apk::installed_text(packages), oracle.text("installed")) == "");
    CHECK(apk::triggers_text(packages) == oracle.text("triggers"));
    CHECK(first_difference(archive_names(packages), oracle.text("scripts-archive.txt")) == "");
  }
}
