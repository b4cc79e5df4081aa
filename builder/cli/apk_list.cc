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

struct ListOptions {
  std::vector<std::filesystem::path> files;
  bool json = false;
};

/// "-rwxr-xr-x", as ls has it.
std::string mode_text(const apk::DataEntry& entry) {
  constexpr std::string_view letters = "rwxrwxrwx";
  std::string text(1, '-');
  switch (entry.type) {
    case apk::EntryType::directory:
      text = "d";
      break;
    case apk::EntryType::symlink:
      text = "l";
      break;
    case apk::EntryType::hard_link:
      text = "h";
      break;
    case apk::EntryType::character_device:
      text = "c";
      break;
    case apk::EntryType::block_device:
      text = "b";
      break;
    case apk::EntryType::fifo:
      text = "p";
      break;
    case apk::EntryType::file:
      break;
  }
  for (std::size_t i = 0; i < letters.size(); ++i)
    text += (entry.mode & (0400U >> i)) != 0 ? letters[i] : '-';
  const auto special = [&](std::size_t place, std::uint32_t bit, char with, char without) {
    if ((entry.mode & bit) != 0) text[place] = text[place] == 'x' ? with : without;
  };
  special(3, 04000, 's', 'S');
  special(6, 02000, 's', 'S');
  special(9, 01000, 't', 'T');
  return text;
}

std::string owner_text(const apk::DataEntry& entry) {
  return fmt::format("{}:{}", entry.user.empty() ? std::to_string(entry.uid) : entry.user,
                     entry.group.empty() ? std::to_string(entry.gid) : entry.group);
}

std::string size_text(const apk::DataEntry& entry) {
  if (entry.type == apk::EntryType::character_device || entry.type == apk::EntryType::block_device)
    return fmt::format("{},{}", entry.device_major, entry.device_minor);
  return std::to_string(entry.size);
}

std::string path_text(const apk::DataEntry& entry) {
  if (entry.type == apk::EntryType::symlink) return entry.path + " -> " + entry.target;
  if (entry.type == apk::EntryType::hard_link) return entry.path + " => " + entry.target;
  return entry.path;
}

nlohmann::ordered_json list_package(const MappedFile& file, bool json, std::ostream& out) {
  const auto package = apk::PackageFile::parse(file.bytes(), file.path().string());
  const auto data = apk::read_package_data(package);
  nlohmann::ordered_json report = {{"file", file.path().string()}, {"kind", "package"}};
  auto& entries = report["entries"] = nlohmann::ordered_json::array();
  for (const auto& entry : data.entries) {
    if (json)
      entries.push_back(entry_json(entry));
    else
      fmt::print(out, "{} {:<15} {:>10} {}\n", mode_text(entry), owner_text(entry),
                 size_text(entry), path_text(entry));
  }
  return report;
}

nlohmann::ordered_json list_index(const MappedFile& file, bool json, std::ostream& out) {
  const auto container = apk::IndexFile::parse(file.bytes(), file.path().string());
  const auto index = with_context("reading " + file.path().string(),
                                  [&] { return apk::parse_index_text(container.text.lines); });
  nlohmann::ordered_json report = {{"file", file.path().string()}, {"kind", "index"}};
  auto& packages = report["packages"] = nlohmann::ordered_json::array();
  for (const auto& package : index.packages) {
    if (json)
      packages.push_back(package_json(package));
    else
      fmt::print(out, "{:<40} {:<8} {:>10} {:>10}\n", package.label(), package.arch, package.size,
                 package.installed_size);
  }
  return report;
}

void list_files(const ListOptions& options, const Context& context) {
  auto all = nlohmann::ordered_json::array();
  for (const auto& path : options.files) {
    const MappedFile file = MappedFile::open(path);
    if (!options.json && options.files.size() > 1) context.out << path.string() << ":\n";
    all.push_back(classify_apk_file(file.bytes(), path.string()) == ApkFileKind::package
                      ? list_package(file, options.json, context.out)
                      : list_index(file, options.json, context.out));
  }
  if (options.json) print_json(context, all);
}

}  // namespace

void add_apk_list_command(Commands& commands, CLI::App& apk) {
  const auto options = std::make_shared<ListOptions>();
  CLI::App& command = commands.add(
      apk, "list",
      "List what packages install (mode, owner, size, path), or the packages of an index (version, "
      "architecture, size, installed size). Signatures are not checked.",
      "  tarn apk list hello-1.0-r0.apk\n"
      "  tarn apk list --json APKINDEX.tar.gz");
  command.add_flag("--json", options->json, "Report as JSON: an array, one object a file");
  command.add_option("files", options->files, "Packages and indexes")
      ->required()
      ->option_text("FILE…");
  commands.on(command, [options](const Context& context) { list_files(*options, context); });
}

}  // namespace tarn::builder
