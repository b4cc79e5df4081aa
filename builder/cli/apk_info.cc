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
#include "builder/cli/index_info.h"
#include "builder/cli/recipe_options.h"
#include "builder/terminal/live_progress.h"

namespace tarn::builder {
namespace {

struct InfoOptions {
  std::vector<std::string> files;  ///< with a recipe: names
  RecipeOptions recipe;
  RepositoryOptions repositories;
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
                                  [&] { return apk::parse_index_text(container.text.lines); });
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
      for (const auto& one : value)
        fmt::print(out, "{}: {}\n", key, printable(one.get<std::string>()));
    } else if (value.is_string()) {
      fmt::print(out, "{}: {}\n", key, printable(value.get<std::string>()));
    } else {
      fmt::print(out, "{}: {}\n", key, value.dump());
    }
  }
}

nlohmann::ordered_json describe_files(const std::vector<std::string>& paths) {
  auto all = nlohmann::ordered_json::array();
  for (const std::string& path : paths) {
    const MappedFile file = MappedFile::open(path);
    all.push_back(classify_apk_file(file.bytes(), path) == ApkFileKind::package
                      ? describe_package(file)
                      : describe_index(file));
  }
  return all;
}

void show_info(const InfoOptions& options, const Context& context) {
  const auto all = options.recipe.recipe.empty() ? describe_files(options.files)
                                                 : describe_indexed(options.files, options.recipe,
                                                                    options.repositories, context);
  if (options.json) {
    print_json(context, all);
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
      apk, "info",
      "Show what packages and indexes say of themselves (nothing is verified), or what the indexes "
      "of a recipe's repositories say of packages.",
      "  tarn apk info hello-1.0-r0.apk\n"
      "  tarn apk info --json APKINDEX.tar.gz\n"
      "  tarn apk info --recipe base.yaml musl so:libz.so.1");
  command.add_flag("--json", options->json,
                   "Report as JSON: an array, one object a file or package");
  command
      .add_option("files", options->files,
                  "Packages and indexes; with --recipe names of packages, with or without version, "
                  "or names that packages provide")
      ->required()
      ->option_text("FILE…|NAME…");
  auto* recipe = command
                     .add_option("--recipe", options->recipe.recipe,
                                 "Look for names in the repositories of this recipe")
                     ->option_text("RECIPE");
  const auto own = command.get_options();
  add_recipe_settings(command, options->recipe);
  add_repository_options(command, options->repositories);
  for (CLI::Option* option : command.get_options())
    if (std::ranges::find(own, option) == own.end()) option->needs(recipe);
  commands.on(command, [options](const Context& context) { show_info(*options, context); });
}

}  // namespace tarn::builder
