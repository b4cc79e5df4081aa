#include "builder/cli/recipe_options.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "builder/cli/lock_use.h"
#include "builder/locking.h"
#include "builder/recipe/compression.h"
#include "builder/recipe/repositories.h"
#include "builder/report/run_recorder.h"

namespace tarn::builder {
namespace {

apk::TransportOptions transport_options(const NetworkOptions& options) {
  apk::TransportOptions transport;
  transport.ca_file = options.ca_file;
  return transport;
}

std::vector<apk::Architecture> parse_architectures(const std::vector<std::string>& names) {
  std::vector<apk::Architecture> architectures;
  for (const std::string& name : names) {
    if (name == "all") return apk::Architecture::all();
    const auto architecture = apk::Architecture::parse(name);
    if (!architecture)
      throw Error(ErrorKind::usage, "unknown architecture '" + name + "'")
          .hint(
              "known ones: x86_64, x86, aarch64, armhf, armv7, loongarch64, ppc64le, riscv64, "
              "s390x; also their OCI names, host and all");
    architectures.push_back(*architecture);
  }
  return architectures;
}

/// Paths on the command line count from where the person is, not from the recipe's folder: a word
/// that names something here is made absolute.
std::string from_here(const std::string& line) {
  std::string result;
  for (const std::string_view word : apk::split_words(line)) {
    const bool is_here = !word.starts_with('@') && std::filesystem::exists(word);
    result += result.empty() ? "" : " ";
    result += is_here ? std::filesystem::absolute(word).string() : std::string(word);
  }
  return result;
}

void apply(const RecipeAdditions& additions, Recipe& recipe) {
  const Position here{"command line", 0, 0};
  for (const std::string& line : additions.build_repositories)
    recipe.contents.build_repositories.push_back({from_here(line), here});
  for (const std::string& line : additions.repositories)
    recipe.contents.repositories.push_back({from_here(line), here});
  for (const std::string& key : additions.keyring)
    recipe.contents.keyring.push_back({from_here(key), here});
  for (const std::string& package : additions.packages)
    recipe.contents.packages.push_back({package, here});
}

}  // namespace

void add_recipe_options(CLI::App& command, RecipeOptions& options) {
  command.add_option("RECIPE", options.recipe, "The recipe, a YAML file")
      ->required()
      ->option_text(" ");
  add_recipe_settings(command, options);
}

void add_recipe_settings(CLI::App& command, RecipeOptions& options) {
  command.add_option("--variant", options.variant, "Build this one of the recipe's variants")
      ->option_text("NAME");
  command
      .add_option("--var", options.vars,
                  "Set a variable of the recipe's repositories (may be repeated)")
      ->option_text("NAME=VALUE")
      ->allow_extra_args(false);
  command
      .add_option("--include-paths", options.include_paths,
                  "Folders in which to look for included recipes")
      ->option_text("DIR,…")
      ->allow_extra_args(false)
      ->delimiter(',');
  command
      .add_option("-k,--keyring-append", options.additions.keyring,
                  "More trusted keys: files, folders or https URLs")
      ->option_text("KEY")
      ->allow_extra_args(false);
  command
      .add_option("-b,--build-repository-append", options.additions.build_repositories,
                  "More repositories to resolve with, not written into the image")
      ->option_text("REPOSITORY")
      ->allow_extra_args(false);
  command
      .add_option("-r,--repository-append", options.additions.repositories,
                  "More repositories to resolve with, written into the image")
      ->option_text("REPOSITORY")
      ->allow_extra_args(false);
  command.add_option("-p,--package-append", options.additions.packages, "More packages")
      ->option_text("PACKAGE")
      ->allow_extra_args(false);
}

void add_compression_option(CLI::App& command, RecipeOptions& options) {
  command
      .add_option_function<std::string>(
          "--compression",
          [&options](const std::string& text) {
            options.compression =
                with_context("reading --compression", [&] { return parse_compression(text); });
          },
          "Of the layers, in place of the recipe's: gzip, gzip:1 to 12, zstd, zstd:1 to 19, none")
      ->option_text("CODEC[:LEVEL]");
}

void add_network_options(CLI::App& command, NetworkOptions& options) {
  command.add_flag("--offline", options.offline, "Use the cache and local repositories only");
  command.add_option("--ca-file", options.ca_file, "More certificates to trust for https (PEM)")
      ->option_text("FILE")
      ->check(CLI::ExistingFile);
}

void add_repository_options(CLI::App& command, RepositoryOptions& options) {
  add_network_options(command, options.network);
  command
      .add_option(
          "--arch", options.architectures,
          "Architectures, by apk's or OCI's names, host or all (default: the recipe's, else "
          "the host's)")
      ->option_text("ARCH,…")
      ->allow_extra_args(false)
      ->delimiter(',');
  command.add_flag("--allow-untrusted", options.allow_untrusted,
                   "Use indexes whose signature cannot be verified (noted in the image)");
}

void add_same_versions_option(CLI::App& command, RepositoryOptions& options) {
  command.add_flag("--same-versions", options.same_versions,
                   "Fail unless all architectures get the same packages in the same versions");
}

void add_locked_option(CLI::App& command, RepositoryOptions& options) {
  static const std::map<std::string, LockUse> uses = {
      {"require", LockUse::required}, {"update", LockUse::updated}, {"ignore", LockUse::ignored}};
  options.lock = LockUse::automatic;
  command
      .add_option_function<std::string>(
          "--locked", [&options](const std::string& use) { options.lock = uses.at(use); },
          "The lock file beside the recipe: require one, update it where it does not fit, or "
          "ignore it (default: use it where there is one)")
      ->check(CLI::IsMember(uses))
      ->option_text("USE");
}

std::map<std::string, std::string> parse_vars(const std::vector<std::string>& vars) {
  std::map<std::string, std::string> variables;
  for (const std::string& var : vars) {
    const auto equals = var.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(ErrorKind::usage, fmt::format("--var {}: expected NAME=VALUE", var));
    variables[var.substr(0, equals)] = var.substr(equals + 1);
  }
  return variables;
}

RepositoryAccess::RepositoryAccess(const NetworkOptions& options, const Context& context)
    : context_(context),
      network_(options.offline ? apk::NetworkUse::offline : apk::NetworkUse::allowed),
      store_(cache_folder(context.options)),
      transport_(transport_options(options)) {}

apk::Fetcher RepositoryAccess::fetcher(const Recipe& recipe) {
  apk::FetchOptions options;
  options.network = network_;
  options.mirrors = repository_mirrors(recipe);
  return {transport_, store_, std::move(options), context_.progress, context_.stop};
}

LoadOptions RepositoryAccess::load_options(const RecipeOptions& options) {
  LoadOptions load;
  if (!options.variant.empty()) load.variant = options.variant;
  load.vars = parse_vars(options.vars);
  load.include_paths = options.include_paths;
  load.fetch = [this](const Url& url) {
    apk::Fetcher plain(transport_, store_, {network_, {}}, context_.progress, context_.stop);
    const auto files = plain.fetch_current({url}, [](std::size_t, ByteView) {});
    return std::string(as_text(files.front().bytes()));
  };
  return load;
}

Recipe RepositoryAccess::load(const RecipeOptions& options) {
  Recipe recipe = load_recipe(options.recipe, load_options(options));
  apply(options.additions, recipe);
  if (options.compression) recipe.compression = *options.compression;
  return recipe;
}

Resolution RepositoryAccess::resolve(const Recipe& recipe, const RepositoryOptions& options) {
  const Span pass(context_.progress, pass_category, "resolve");
  apk::Fetcher bringing = fetcher(recipe);
  return resolve_recipe(recipe, resolve_options(options, context_.options), bringing,
                        context_.progress, context_.stop);
}

Resolution RepositoryAccess::resolve_locked(const Recipe& recipe,
                                            const RecipeOptions& recipe_options,
                                            const RepositoryOptions& options) {
  const ResolveOptions how = resolve_options(options, context_.options);
  apk::Fetcher bringing = fetcher(recipe);
  const auto lock = choose_lock({recipe_options, recipe, how}, options.lock, bringing, context_);
  if (!lock) return resolve(recipe, options);
  Resolution resolution = locked_resolution(recipe, *lock, how, context_.stop);
  index_locked_packages(resolution);
  return resolution;
}

ResolveOptions resolve_options(const RepositoryOptions& options, const GlobalOptions& global) {
  return {
      .architectures = parse_architectures(options.architectures),
      .signatures =
          options.allow_untrusted ? apk::SignaturePolicy::ignored : apk::SignaturePolicy::required,
      .threads = global.threads,
      .versions = options.same_versions ? VersionsAcross::must_agree : VersionsAcross::may_differ};
}

}  // namespace tarn::builder
