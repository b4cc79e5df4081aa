#include <algorithm>
#include <map>
#include <memory>
#include <ostream>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "apk/index/index.h"
#include "apk/support/error.h"
#include "apk/support/file.h"
#include "apk/trust/trusted_index.h"
#include "builder/cli/apk.h"
#include "builder/cli/commands.h"
#include "builder/cli/recipe_options.h"
#include "builder/package_files.h"

namespace tarn::builder {
namespace {

namespace fs = std::filesystem;

struct VendorOptions {
  RecipeOptions recipe;
  RepositoryOptions repositories;
  SigningOptions signing;
  fs::path folder;
  bool json = false;
};

/// The key that the indexes are signed with, and the name of its public key.
struct VendorKey {
  apk::PrivateKey key;
  std::string public_name;
};

constexpr const char* made_key_prefix = "tarn-";

/// The secret keys that earlier runs made in the folder, by name.
std::set<fs::path> made_keys(const fs::path& folder) {
  std::set<fs::path> keys;
  for (const auto& node : fs::directory_iterator(folder))
    if (node.path().extension() == ".rsa" &&
        node.path().filename().string().starts_with(made_key_prefix))
      keys.insert(node.path());
  return keys;
}

/// The given key, else that of an earlier run, else a new one.
VendorKey find_vendor_key(const VendorOptions& options) {
  if (!options.signing.key.empty()) {
    VendorKey given{apk::PrivateKey::read(options.signing.key), options.signing.public_name()};
    write_file(options.folder / given.public_name, given.key.public_pem());
    return given;
  }
  if (const auto keys = made_keys(options.folder); !keys.empty())
    return {apk::PrivateKey::read(*keys.begin()), keys.begin()->filename().string() + ".pub"};
  VendorKey made{apk::PrivateKey::generate(4096), {}};
  const std::string public_pem = made.key.public_pem();
  const auto fingerprint = apk::PublicKey::from_pem("new", public_pem).fingerprint();
  const std::string name = made_key_prefix + to_hex(fingerprint).substr(0, 8) + ".rsa";
  made.public_name = name + ".pub";
  write_file(options.folder / name, made.key.pem(), 0600);
  write_file(options.folder / made.public_name, public_pem);
  return made;
}

/// Writes the package files of all plans, each once.
class PackageWriting {
 public:
  PackageWriting(const fs::path& folder, PackageFiles& files, const Context& context)
      : folder_(folder), files_(files), context_(context) {}

  void write(const ArchitecturePlan& plan) {
    for (const apk::PlannedPackage& planned : plan.plan.packages) write(planned.package);
  }
  std::size_t count() const { return written_.size(); }
  std::uint64_t octets() const { return octets_; }

 private:
  void write(const apk::Package& package) {
    // There is nothing to fetch of such a package, for apk neither.
    if (package.installed_size == 0) return;
    const fs::path place = folder_ / package.arch / apk::package_file_name(package);
    const auto [known, is_new] = written_.emplace(place, package.identity);
    if (known->second != package.identity)
      throw Error(ErrorKind::failed, fmt::format("two packages want to be {}", place.string()))
          .detail("one", known->second.str())
          .detail("another", package.identity.str());
    if (!is_new) return;
    make_directories(place.parent_path());
    const MappedFile file = files_.file(package, context_.stop);
    write_file(place, file.bytes());
    octets_ += file.bytes().size();
  }

  const fs::path& folder_;
  PackageFiles& files_;
  const Context& context_;
  std::map<fs::path, apk::Identity> written_;
  std::uint64_t octets_ = 0;
};

void write_vendor_index(const ArchitecturePlan& plan, const VendorOptions& options,
                        const VendorKey& key) {
  std::vector<apk::Package> packages;
  for (const apk::PlannedPackage& planned : plan.plan.packages) packages.push_back(planned.package);
  const Bytes index = apk::write_index("", std::move(packages));
  const fs::path folder = options.folder / plan.architecture.apk;
  make_directories(folder);
  write_file(folder / "APKINDEX.tar.gz",
             apk::sign_index(index, key.key, options.signing.algorithm, key.public_name));
}

void run_vendor(const VendorOptions& options, const Context& context) {
  RepositoryAccess access(options.repositories.network, context);
  const Recipe recipe = access.load(options.recipe);
  const Resolution resolution = access.resolve_locked(recipe, options.recipe, options.repositories);
  make_directories(options.folder);
  const VendorKey key = find_vendor_key(options);
  apk::Fetcher fetcher = access.fetcher(recipe);
  PackageFiles files(resolution, fetcher, context.options.threads, context.stop);
  PackageWriting writing(options.folder, files, context);
  for (const ArchitecturePlan& plan : resolution.plans) writing.write(plan);
  // Last, so that no index lists what is not there.
  for (const ArchitecturePlan& plan : resolution.plans) write_vendor_index(plan, options, key);
  const fs::path public_key = options.folder / key.public_name;
  if (options.json)
    print_json(context, {{"folder", options.folder.string()},
                         {"key", public_key.string()},
                         {"packages", writing.count()},
                         {"size", writing.octets()}});
  else
    context.progress.note(NoteLevel::info,
                          fmt::format("{}: {} packages, signed for {}", options.folder.string(),
                                      writing.count(), public_key.string()));
}

}  // namespace

void add_vendor_command(Commands& commands) {
  auto options = std::make_shared<VendorOptions>();
  CLI::App& command = commands.add(
      commands.root(), "vendor",
      "Write the packages of a recipe's lock (without one: of its plan) into a folder, as a signed "
      "repository of their own that tarn and apk can use",
      "  tarn vendor base.yaml vendor/\n"
      "  tarn vendor base.yaml vendor/ --key me.rsa\n"
      "  apk add --root root --initdb -X $PWD/vendor --keys-dir $PWD/vendor nginx\n");
  add_recipe_options(command, options->recipe);
  command.add_option("DIR", options->folder, "The folder of the repository")
      ->required()
      ->option_text(" ");
  add_repository_options(command, options->repositories);
  add_locked_option(command, options->repositories);
  options->signing.declare(command, SigningOptions::Need::optional);
  command.add_flag("--json", options->json, "Print what was written as JSON");
  commands.on(command, [options](const Context& context) { run_vendor(*options, context); });
}

}  // namespace tarn::builder
