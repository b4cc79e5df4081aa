#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/package/extract.h"
#include "apk/support/file.h"
#include "builder/cli/apk.h"

namespace tarn::builder {
namespace {

struct ExtractCommandOptions {
  std::filesystem::path file;
  std::filesystem::path folder;
  bool scripts = false;
  bool force = false;
};

void extract(const ExtractCommandOptions& options, const Context& context) {
  const MappedFile file = MappedFile::open(options.file);
  const auto package = apk::PackageFile::parse(file.bytes(), options.file.string());
  package.verify_data_hash();
  const auto data = apk::read_package_data(package);
  apk::ExtractOptions extract_options;
  if (options.force) extract_options.existing = apk::ExistingFiles::replaced;
  if (options.scripts) extract_options.scripts = apk::ScriptFiles::written;
  apk::extract_package(package, data, options.folder, extract_options, context.progress,
                       context.stop);
  context.progress.note(
      NoteLevel::info,
      fmt::format("{}: {} entries extracted", package.package().label(), data.entries.size()));
}

}  // namespace

void add_apk_extract_command(Commands& commands, CLI::App& apk) {
  const auto options = std::make_shared<ExtractCommandOptions>();
  CLI::App& command = commands.add(
      apk, "extract",
      "Unpack what a package installs into a folder, which counts as the root: symlinks in it do "
      "not lead out. Data hash and checksums are checked, the signature is not (see verify). "
      "Owners are set by number, and only by root; scripts are not run.",
      "  tarn apk extract hello-1.0-r0.apk -d hello\n"
      "  tarn apk extract --scripts --force hello-1.0-r0.apk -d hello");
  command.add_option("-d,--directory", options->folder, "Folder to unpack into; made when missing")
      ->required()
      ->option_text("DIR");
  command.add_flag("--scripts", options->scripts,
                   "Write the package's scripts too, as .post-install and so on");
  command.add_flag("--force", options->force, "Replace files that exist");
  command.add_option("file", options->file, "Package")->required()->option_text("FILE");
  commands.on(command, [options](const Context& context) { extract(*options, context); });
}

}  // namespace tarn::builder
