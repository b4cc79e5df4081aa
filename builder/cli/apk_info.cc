#include <algorithm>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <fmt/ostream.h>
#include <nlohmann/json.hpp>

#include "apk/index/index.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "builder/cli/apk.h"
#include "builder/cli/apk_json.h"

namespace tarn::builder {
namespace {

struct InfoOptions {
  std::vector<std::filesystem::path> files;
  bool json = false;
};

nlohmann::ordered_json describe_package(const MappedFile& file) {
  const auto package = apk::PackageFile::parse(file.bytes(), file.path().string());
  nlohmann::ordered_json json;
  json["file"] = file.path().string();
  json["kind"] = "package";
  json.update(package_json(package.package()));
  if (!package.triggers().empty()) json["triggers"] = package.triggers();
  for (const auto& [kind, text] : package.scripts())
    json["scripts"].push_back(std::string(apk::script_name(kind)));
  json["data_hash"] = package.data_hash();
  json["signatures"] = nlohmann::ordered_json::array();
  for (const auto& signature : package.signatures())
    json["signatures"].push_back(apk::signature_file_name(signature.algorithm, signature.key_name));
  return json;
}

nlohmann::ordered_json describe_index(const MappedFile& file) {
  const auto container = apk::IndexFile::parse(file.bytes(), file.path().string());
  const auto index = with_context("reading " + file.path().string(),
                                  [&] { return apk::parse_index_text(container.text); });
  nlohmann::ordered_json json;
  json["file"] = file.path().string();
  json["kind"] = "index";
  json["description"] = container.description;
  json["packages"] = index.packages.size();
  std::uint64_t size = 0;
  std::uint64_t installed_size = 0;
  for (const auto& package : index.packages) {
    size += package.size;
    installed_size += package.installed_size;
  }
  json["size"] = size;
  json["installed_size"] = installed_size;
  json["signatures"] = nlohmann::ordered_json::array();
  for (const auto& signature : container.signature_files)
    json["signatures"].push_back(signature.name);
  if (!index.warnings.empty()) json["warnings"] = index.warnings;
  return json;
}

/// One line a fact: "key: value", lists with a line a value.
void print_facts(std::ostream& out, const nlohmann::ordered_json& facts) {
  for (const auto& [key, value] : facts.items()) {
    if (value.is_array()) {
      for (const auto& one : value) fmt::print(out, "{}: {}\n", key, one.get<std::string>());
    } else if (value.is_string()) {
      fmt::print(out, "{}: {}\n", key, value.get<std::string>());
    } else {
      fmt::print(out, "{}: {}\n", key, value.dump());
    }
  }
}

void show_info(const InfoOptions& options, const Context& context) {
  auto all = nlohmann::ordered_json::array();
  for (const auto& path : options.files) {
    const MappedFile file = MappedFile::open(path);
    all.push_back(classify_apk_file(file.bytes(), path.string()) == ApkFileKind::package
                      ? describe_package(file)
                      : describe_index(file));
  }
  if (options.json) {
    context.out << json_text(all);
    return;
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0) context.out << '\n';
    print_facts(context.out, all[i]);
  }
}

}  // namespace

void add_apk_info_command(Commands& commands, CLI::App& apk) {
  const auto options = std::make_shared<InfoOptions>();
  CLI::App& command = commands.add(
      apk, "info", "Show what packages and indexes say of themselves. Nothing is verified.",
      "  tarn apk info hello-1.0-r0.apk\n"
      "  tarn apk info --json APKINDEX.tar.gz");
  command.add_flag("--json", options->json, "Report as JSON: an array, one object a file");
  command.add_option("files", options->files, "Packages and indexes")
      ->required()
      ->option_text("FILE…");
  commands.on(command, [options](const Context& context) { show_info(*options, context); });
}

}  // namespace tarn::builder
