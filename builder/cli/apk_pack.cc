#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/model/architecture.h"
#include "apk/package/package_writer.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"
#include "builder/cli/apk.h"
#include "builder/cli/apk_json.h"
#include "builder/cli/pack_metadata.h"
#include "builder/cli/source_date_epoch.h"

namespace tarn::builder {
namespace {

/// An option "NAME=VALUE" as it was given.
using Pair = std::pair<std::string, std::string>;

struct PackOptions {
  std::filesystem::path folder;
  std::filesystem::path tar;
  std::filesystem::path output;
  std::filesystem::path output_folder;
  std::filesystem::path metadata_file;
  std::vector<Pair> values;  ///< metadata key and value, in the order given
  std::vector<Pair> scripts;
  std::vector<Pair> owners;
  std::vector<Pair> modes;
  bool keep_owners = false;
  bool keep_times = false;
  bool json = false;
  int level = 9;
  SigningOptions signing;
};

Pair split_pair(const std::string& text, const char* form) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error(ErrorKind::usage, fmt::format("'{}' is not {}", text, form));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// The metadata file's values; where the command line has a value of the same key, that counts
/// (lists add up).
PackMetadata gather_metadata(const PackOptions& options) {
  PackMetadata metadata;
  metadata.manifest.package.arch = apk::Architecture::host().apk;
  metadata.build_time = std::nullopt;
  if (!options.metadata_file.empty()) {
    const std::string arch = metadata.manifest.package.arch;
    metadata = read_pack_metadata(options.metadata_file);
    if (metadata.manifest.package.arch.empty()) metadata.manifest.package.arch = arch;
  }
  for (const auto& [key, value] : options.values) set_pack_value(metadata, key, value);
  for (const auto& [kind, file] : options.scripts) add_pack_script(metadata, kind, file);
  for (const auto& [pattern, owner] : options.owners)
    metadata.rules.push_back(owner_rule(pattern, owner));
  for (const auto& [pattern, mode] : options.modes)
    metadata.rules.push_back(mode_rule(pattern, mode));
  return metadata;
}

void pack(const PackOptions& options, const Context& context) {
  if (options.folder.empty() == options.tar.empty())
    throw Error(ErrorKind::usage, "name either a folder or --tar FILE");
  if (options.output.empty() == options.output_folder.empty())
    throw Error(ErrorKind::usage, "say where the package goes: either -o FILE or -d DIR");
  PackMetadata metadata = gather_metadata(options);
  apk::check_manifest(metadata.manifest);
  const auto owners = options.keep_owners ? apk::FolderOwners::kept : apk::FolderOwners::root;
  apk::Payload payload = options.tar.empty() ? apk::read_payload_folder(options.folder, owners)
                                             : apk::read_payload_tar(options.tar);
  apk::apply_rules(payload, metadata.rules);
  apk::Package& package = metadata.manifest.package;
  if (!metadata.build_time) metadata.build_time = source_date_epoch();
  package.build_time = metadata.build_time.value_or(apk::newest_file_time(payload));
  throw_if_stopped(context.stop);

  apk::PackageWriteOptions write_options;
  write_options.level = options.level;
  write_options.times = options.keep_times ? apk::EntryTimes::kept : apk::EntryTimes::build;
  Bytes file = apk::write_package(metadata.manifest, std::move(payload), write_options);
  const std::filesystem::path path = options.output.empty()
                                         ? options.output_folder / apk::package_file_name(package)
                                         : options.output;
  if (!options.signing.key.empty())
    file =
        apk::sign_package(file, apk::PrivateKey::read(options.signing.key),
                          options.signing.algorithm, options.signing.public_name(), path.string());
  throw_if_stopped(context.stop);
  write_file(path, file);
  if (options.json) {
    auto json = nlohmann::ordered_json{{"file", path.string()}};
    json.update(package_json(apk::PackageFile::parse(file, path.string()).package()));
    print_json(context, json);
  } else {
    context.out << path.string() << '\n';
  }
}

void declare_metadata(CLI::App& command, PackOptions& options) {
  struct Declared {
    const char* option;
    const char* key;
    const char* form;
    const char* text;
  };
  static constexpr Declared all[] = {
      {"--name", "name", "NAME", "Name of the package"},
      {"--version", "version", "VERSION", "Version: 1.2.3-r0"},
      {"--arch", "arch", "ARCH", "Architecture (default: this machine's)"},
      {"--description", "description", "TEXT", "One line about the package"},
      {"--license", "license", "SPDX", "Licence"},
      {"--url", "url", "URL", "Home page"},
      {"--origin", "origin", "NAME", "Source package (default: the name)"},
      {"--maintainer", "maintainer", "WHO", "Maintainer"},
      {"--packager", "packager", "WHO", "Packager"},
      {"--commit", "commit", "HEX", "Commit of the source"},
      {"--build-time,--mtime", "build-time", "SECONDS",
       "Build time and time of the files, since 1970 (default: SOURCE_DATE_EPOCH, else the newest "
       "file's)"},
      {"--provider-priority", "provider-priority", "N", "Which provider of a name is preferred"},
      {"--replaces-priority", "replaces-priority", "N", "Which of two replacing packages wins"},
      {"--depend", "depends", "DEP", "Dependency: name, name>=1.2, !name (may be repeated)"},
      {"--provide", "provides", "NAME[=VERSION]", "Provided name (may be repeated)"},
      {"--replaces", "replaces", "DEP", "Package whose files may be overwritten (may be repeated)"},
      {"--install-if", "install-if", "DEP",
       "Install when all of these are installed (may be repeated)"},
      {"--trigger", "triggers", "GLOB", "Folders whose change runs the trigger (may be repeated)"},
  };
  for (const auto& declared : all)
    command
        .add_option_function<std::vector<std::string>>(
            declared.option,
            [&options, key = declared.key](const std::vector<std::string>& values) {
              for (const auto& value : values) options.values.emplace_back(key, value);
            },
            declared.text)
        ->option_text(declared.form)
        ->allow_extra_args(false)
        ->group("Metadata");
}

void declare_pairs(CLI::App& command, const char* option, const char* form, const char* text,
                   std::vector<Pair>& pairs) {
  command
      .add_option_function<std::vector<std::string>>(
          option,
          [&pairs, form](const std::vector<std::string>& values) {
            for (const auto& value : values) pairs.push_back(split_pair(value, form));
          },
          text)
      ->option_text(form)
      ->allow_extra_args(false);
}

}  // namespace

void add_apk_pack_command(Commands& commands, CLI::App& apk) {
  const auto options = std::make_shared<PackOptions>();
  CLI::App& command = commands.add(
      apk, "pack",
      "Make a package of a folder or a tar archive. The same input gives the same bytes. Files of "
      "a folder become root's unless --keep-owners or --owner says otherwise; a tar archive's "
      "keep the owners it states. Names of owners are resolved where the package is installed.",
      "  tarn apk pack rootdir --name hello --version 1.0-r0 -d repo/x86_64\n"
      "  tarn apk pack rootdir --metadata hello.yaml --key me.rsa -o hello.apk\n"
      "  tarn apk pack rootdir --name web --version 2-r1 --depend 'nginx>=1.20' \\\n"
      "      --script post-install=setup.sh --owner 'srv/*=www:www' -d .");
  command.add_option("folder", options->folder, "Folder that becomes the root of the package")
      ->option_text("DIR");
  command.add_option("--tar", options->tar, "Tar archive to take instead of a folder")
      ->option_text("FILE");
  command.add_option("-o,--output", options->output, "File to write")->option_text("FILE");
  command.add_option("-d,--output-dir", options->output_folder, "Write DIR/NAME-VERSION.apk")
      ->option_text("DIR");
  command
      .add_option("--metadata", options->metadata_file,
                  "YAML file of metadata; its keys are the names of the options below (lists in "
                  "the plural: depends, provides, triggers), scripts, owners and modes")
      ->option_text("FILE");
  declare_pairs(command, "--script", "KIND=FILE",
                "Script: pre-install, post-install, pre-upgrade, post-upgrade, pre-deinstall, "
                "post-deinstall or trigger (may be repeated)",
                options->scripts);
  declare_pairs(command, "--owner", "PATTERN=USER:GROUP",
                "Owner of the paths that match, names or numbers (may be repeated)",
                options->owners);
  declare_pairs(command, "--mode", "PATTERN=OCTAL",
                "Mode of the paths that match (may be repeated)", options->modes);
  command.add_flag("--keep-owners", options->keep_owners,
                   "Files of the folder keep the owners they have");
  command.add_flag("--keep-times", options->keep_times,
                   "Files keep their times, where these are not later than the build time");
  command.add_option("--level", options->level, "Compression, 1 (fast) to 12 (small); default 9")
      ->check(CLI::Range(1, 12))
      ->option_text("N");
  command.add_flag("--json", options->json, "Report as JSON");
  options->signing.declare(command, SigningOptions::Need::optional);
  declare_metadata(command, *options);
  commands.on(command, [options](const Context& context) { pack(*options, context); });
}

}  // namespace tarn::builder
