#pragma once

#include <map>
#include <string>
#include <vector>

#include "apk/fetch/store.h"
#include "apk/support/hash.h"

namespace tarn::builder {

/// In which repositories of a registry blobs are known to be, so that the registry can take them
/// from there: those of this run, and those of earlier ones, remembered in the cache (a bounded
/// number, the latest). A hint only: that a blob has gone since costs one question.
class BlobHistory {
 public:
  /// Throws nothing for a damaged memory, which counts as empty.
  BlobHistory(apk::Store& store, std::string registry);

  /// The repositories that have the blob, the latest first.
  std::vector<std::string> repositories(const Sha256Digest& digest) const;
  void add(const Sha256Digest& digest, const std::string& repository);
  /// Keeps what was added for later runs. What another process keeps at the same moment may be
  /// lost.
  void save();

 private:
  struct Place {
    Sha256Digest digest;
    std::string repository;
    bool operator==(const Place&) const = default;
  };

  void load();

  apk::Store& store_;
  std::string key_;
  std::vector<Place> places_;  ///< the latest last
  bool changed_ = false;
};

}  // namespace tarn::builder
