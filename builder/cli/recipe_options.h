#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apk/fetch/curl_transport.h"
#include "apk/fetch/fetcher.h"
#include "apk/fetch/store.h"
#include "builder/cli/command.h"
#include "builder/recipe/load.h"
#include "builder/recipe/recipe.h"
#include "builder/resolution.h"

namespace tarn::builder {

/// What a person adds to a recipe on the command line.
struct RecipeAdditions {
  std::vector<std::string> build_repositories;  ///< to resolve with only
  std::vector<std::string> repositories;        ///< to resolve with and for the image
  std::vector<std::string> packages;
  std::vector<std::string> keyring;  ///< files, folders or URLs
};

/// The options of every command that works on a recipe.
struct RecipeOptions {
  std::filesystem::path recipe;
  std::string variant;
  std::vector<std::string> vars;  ///< NAME=VALUE
  std::vector<std::filesystem::path> include_paths;
  RecipeAdditions additions;
  std::optional<Compression> compression{};  ///< in place of the recipe's
};

/// The options of every command that may use the network.
struct NetworkOptions {
  bool offline = false;
  std::filesystem::path ca_file;
};

/// What is done with the lock that stands beside a recipe.
enum class LockUse {
  automatic,  ///< used where there is one
  required,   ///< used; an error where there is none
  updated,    ///< made, or made to fit where it does not, and used
  ignored,
};

/// The options of every command that asks a recipe's repositories.
struct RepositoryOptions {
  std::vector<std::string> architectures;
  bool allow_untrusted = false;
  bool same_versions = false;
  LockUse lock = LockUse::ignored;  ///< what add_locked_option() sets
  NetworkOptions network;
};

/// Declares RECIPE (the first position) and the options beside it.
void add_recipe_options(CLI::App& command, RecipeOptions& options);
/// Declares only the options beside RECIPE: what is added to it, and where it includes from.
void add_recipe_settings(CLI::App& command, RecipeOptions& options);
/// Declares --compression, for commands that make an image.
void add_compression_option(CLI::App& command, RecipeOptions& options);
void add_network_options(CLI::App& command, NetworkOptions& options);
void add_repository_options(CLI::App& command, RepositoryOptions& options);
/// Declares --same-versions, for commands to which the versions of all architectures matter.
void add_same_versions_option(CLI::App& command, RepositoryOptions& options);

/// Declares --locked, for commands that work with a recipe's lock; without it they use one that is
/// there.
void add_locked_option(CLI::App& command, RepositoryOptions& options);

/// `NAME=VALUE` settings as variables. Throws Error (usage).
std::map<std::string, std::string> parse_vars(const std::vector<std::string>& vars);

/// Everything between a command and the repositories: cache, transport, fetcher.
class RepositoryAccess {
 public:
  RepositoryAccess(const NetworkOptions& options, const Context& context);
  apk::Store& store() { return store_; }
  /// A fetcher that knows the recipe's mirrors.
  apk::Fetcher fetcher(const Recipe& recipe);
  /// How to load it, and what it includes by URL.
  LoadOptions load_options(const RecipeOptions& options);
  /// Reads the recipe, bringing what it includes by URL, with what the command line adds to it.
  Recipe load(const RecipeOptions& options);
  /// Brings the recipe's indexes and plans it. Throws as resolve_recipe().
  Resolution resolve(const Recipe& recipe, const RepositoryOptions& options);
  /// The same from the recipe's lock, where it is to be used; each plan has the index of its own
  /// packages then.
  Resolution resolve_locked(const Recipe& recipe, const RecipeOptions& recipe_options,
                            const RepositoryOptions& options);

 private:
  const Context& context_;
  apk::NetworkUse network_;
  apk::Store store_;
  apk::CurlTransport transport_;
};

ResolveOptions resolve_options(const RepositoryOptions& options, const GlobalOptions& global);

}  // namespace tarn::builder
