#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apk/support/file.h"
#include "apk/support/hash.h"

namespace tarn::apk {

/// What is known under a key: which blob it is, and facts such as a server's ETag.
struct StoreEntry {
  Sha256Digest blob;
  std::uint64_t size = 0;
  std::map<std::string, std::string> facts;
};

/// The content-addressed cache folder. Blobs lie under their SHA-256; entries (kind, key) point to
/// them. Written to temporary names, synced and renamed, so any number of processes may use it at
/// once and may be killed at any moment; read with verification: a damaged blob or entry is removed
/// and counts as absent. Deleting the folder costs time only.
class Store {
 public:
  /// Makes the folder when missing. Throws Error when it cannot be written.
  explicit Store(std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }

  std::optional<StoreEntry> find(const std::string& kind, const std::string& key) const;
  /// The blob of an entry, its digest checked; nothing when it is absent or damaged.
  std::optional<MappedFile> open(const StoreEntry& entry) const;

  /// A blob being written: a file in the store's temporary folder.
  AtomicFile new_blob() const;
  /// Gives a written blob its place and enters it; the digest must be that of its content.
  void put(const std::string& kind, const std::string& key, AtomicFile blob,
           const StoreEntry& entry);

  struct Usage {
    std::string kind;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
  };
  /// Entries and octets by kind, sorted by kind.
  std::vector<Usage> usage() const;
  /// Removes everything tarn put there (and nothing else). Gives the octets freed.
  std::uint64_t clear();

 private:
  std::filesystem::path folder_;
};

}  // namespace tarn::apk
