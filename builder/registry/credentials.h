#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/fetch/cache_folder.h"

namespace tarn::builder {

/// Who asks a registry. Nothing here may be printed but `user` and `source`.
struct Credentials {
  std::string user{};
  std::string password{};
  std::string identity_token{};  ///< in place of a password, for the token service
  std::string source{};          ///< "/root/.docker/config.json", "docker-credential-pass"
};

/// The files in which container tools keep credentials for registries, and the helpers that these
/// name. In the order in which they are asked: $REGISTRY_AUTH_FILE (alone, when set);
/// $XDG_RUNTIME_DIR/containers/auth.json (/run/containers/UID/auth.json without that variable);
/// $XDG_CONFIG_HOME/containers/auth.json (~/.config/… without); $DOCKER_CONFIG/config.json
/// (~/.docker/config.json without).
class CredentialStore {
 public:
  /// An `only` that is not empty is used in place of all others, whether it exists or not.
  CredentialStore(const apk::EnvironmentLookup& lookup, std::stop_token stop,
                  const std::filesystem::path& only = {});

  /// The credentials for a repository of a registry ("docker.io", "library/base"; the path may be
  /// empty): those of the longest part of its name that a file has, then those of the registry.
  /// Throws Error for a file that cannot be read, or a helper that fails.
  std::optional<Credentials> find(const std::string& domain, const std::string& path) const;

  /// Keeps them for a registry, in the first file that has some for it, else in the first that
  /// exists, else in the last, which is docker's; over a helper, where that file names one for
  /// the registry. Gives where they are kept. The file is replaced as a whole, with mode 0600; what
  /// else stands in it stays.
  std::string store(const std::string& domain, const Credentials& credentials) const;
  /// Forgets those of a registry (not those of its repositories) everywhere. Gives where they were.
  std::vector<std::string> erase(const std::string& domain) const;

 private:
  std::vector<std::filesystem::path> files_;
  std::stop_token stop_;
};

}  // namespace tarn::builder
