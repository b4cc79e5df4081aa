#include <algorithm>
#include <map>
#include <memory>
#include <ostream>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/package/package_file.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/support/parallel.h"
#include "apk/trust/trusted_index.h"
#include "builder/cli/apk.h"

namespace tarn::builder {
namespace {

struct IndexOptions {
  TrustOptions trust;
  SigningOptions signing;
  std::string description;
  std::string rewrite_arch;
  std::filesystem::path output = "APKINDEX.tar.gz";
  std::vector<std::filesystem::path> sources;
  bool json = false;
};

/// The packages named, and those in the folders named, each once.
std::vector<std::filesystem::path> find_packages(
    const std::vector<std::filesystem::path>& sources) {
  std::set<std::filesystem::path> paths;
  for (const auto& source : sources) {
    if (!std::filesystem::is_directory(source)) {
      paths.insert(source);
      continue;
    }
    for (const auto& node : std::filesystem::directory_iterator(source))
      if (node.path().extension() == ".apk" && !node.path().filename().string().starts_with('.'))
        paths.insert(node.path());
  }
  return {paths.begin(), paths.end()};
}

apk::Package read_package(const std::filesystem::path& path, const IndexOptions& options,
                          const apk::Keyring& keyring) {
  const MappedFile file = MappedFile::open(path);
  const auto package = apk::PackageFile::parse(file.bytes(), path.string());
  if (!options.trust.allow_untrusted) package.verify_signature(keyring);
  package.verify_data_hash();
  return package.package();
}

void check_names(const std::vector<apk::Package>& packages,
                 const std::vector<std::filesystem::path>& paths, const Context& context) {
  std::map<std::string, std::filesystem::path> seen;
  for (std::size_t i = 0; i < packages.size(); ++i) {
    const auto [first, is_new] = seen.emplace(packages[i].label(), paths[i]);
    if (!is_new)
      throw Error(ErrorKind::usage, fmt::format("two packages are {}", packages[i].label()))
          .detail("one", first->second.string())
          .detail("another", paths[i].string());
    const std::string expected = apk::package_file_name(packages[i]);
    if (paths[i].filename() != expected)
      context.progress.note(NoteLevel::warning, fmt::format("{}: apk will look for it as {}",
                                                            paths[i].string(), expected));
  }
}

void make_index(const IndexOptions& options, const Context& context) {
  if (options.description.size() > 160)
    throw Error(ErrorKind::usage, "the description is longer than the 160 bytes apk reads");
  const auto paths = find_packages(options.sources);
  const auto keyring = options.trust.keyring();
  std::vector<apk::Package> packages(paths.size());
  parallel_for(
      paths.size(), context.options.threads,
      [&](std::size_t i) { packages[i] = read_package(paths[i], options, keyring); }, context.stop);
  check_names(packages, paths, context);
  if (!options.rewrite_arch.empty())
    for (auto& package : packages) package.arch = options.rewrite_arch;
  Bytes file = apk::write_index(options.description, packages);
  if (!options.signing.key.empty())
    file = apk::sign_index(file, apk::PrivateKey::read(options.signing.key),
                           options.signing.algorithm, options.signing.public_name());
  write_file(options.output, file);
  if (options.json)
    print_json(
        context,
        {{"file", options.output.string()}, {"packages", packages.size()}, {"size", file.size()}});
  else
    context.progress.note(NoteLevel::info,
                          fmt::format("{}: {} packages", options.output.string(), packages.size()));
}

}  // namespace

void add_apk_index_command(Commands& commands, CLI::App& apk) {
  const auto options = std::make_shared<IndexOptions>();
  CLI::App& command = commands.add(
      apk, "index",
      "Make APKINDEX.tar.gz of packages. Each must be signed by a key of --keys-dir, unless "
      "--allow-untrusted is given; its data must match its control section.",
      "  tarn apk index --keys-dir /etc/apk/keys -o APKINDEX.tar.gz *.apk\n"
      "  tarn apk index --allow-untrusted --rewrite-arch x86_64 --key me.rsa \\\n"
      "      -o repo/x86_64/APKINDEX.tar.gz repo/x86_64");
  options->trust.declare(command);
  options->signing.declare(command, SigningOptions::Need::optional);
  command.add_option("--description", options->description, "Description of the repository")
      ->option_text("TEXT");
  command
      .add_option("--rewrite-arch", options->rewrite_arch,
                  "Architecture all packages get in the index: the folder they are fetched from")
      ->option_text("ARCH");
  command.add_option("-o,--output", options->output, "File to write (default: APKINDEX.tar.gz)")
      ->option_text("FILE");
  command.add_flag("--json", options->json, "Report as JSON");
  command.add_option("packages", options->sources, "Packages, or folders of packages")
      ->required()
      ->option_text("PKG|DIR…");
  commands.on(command, [options](const Context& context) { make_index(*options, context); });
}

}  // namespace tarn::builder
