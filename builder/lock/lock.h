#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apk/solver/solver.h"
#include "apk/support/hash.h"
#include "apk/trust/keyring.h"
#include "apk/trust/trusted_index.h"

namespace tarn::builder {

/// What of a recipe an image depends on, in a form in which line ends, comments and the order of
/// keys do not show.
struct RecipeFacts {
  std::vector<std::string> repositories;  ///< resolved with, in order, as apk writes them
  std::vector<std::string> packages;      ///< what is asked for, in order
  /// Of everything else, by key: "contents.keyring"; and of the keys on the host, by place:
  /// "contents.keyring ./keys".
  std::map<std::string, Sha256Digest> parts;
  /// Of what lies on the host, by what the recipe calls it: "./conf/nginx.conf".
  std::map<std::string, Sha256Digest> sources;

  bool operator==(const RecipeFacts&) const = default;
};

/// The packages of one architecture.
struct LockedArchitecture {
  std::string architecture;                   ///< apk's name
  std::vector<Sha256Digest> index_digests;    ///< of the index files, in order of the repositories
  std::vector<std::size_t> keys;              ///< numbers in Lock::keys, for the image
  std::optional<Sha256Digest> base;           ///< of the base image's manifest, where there is one
  std::vector<apk::PlannedPackage> packages;  ///< in install order, as the index has them
};

/// What a recipe resolved to once: all that is needed to build the same image again without asking
/// for an index or a key.
struct Lock {
  RecipeFacts recipe;
  apk::SignaturePolicy signatures = apk::SignaturePolicy::required;  ///< of the indexes
  std::vector<apk::PublicKey> keys;
  std::vector<LockedArchitecture> architectures;  ///< by name

  /// Null when it has none of that name.
  const LockedArchitecture* find(const std::string& architecture) const;
};

}  // namespace tarn::builder
