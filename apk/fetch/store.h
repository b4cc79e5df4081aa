#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/support/file.h"
#include "apk/support/hash.h"

namespace tarn::apk {

/// What is known under a key: which blob it is, and facts such as a server's ETag.
struct StoreEntry {
  Sha256Digest blob{};
  std::uint64_t size = 0;
  /// Names are "[0-9a-z._-]+" without a leading dot; values are any octets, together at most 16
  /// KiB.
  std::map<std::string, std::string> facts{};

  bool operator==(const StoreEntry&) const = default;
};

/// The content-addressed cache folder. Blobs lie under their SHA-256; entries (kind, key) point to
/// them. Written to temporary names and renamed, so any number of processes may use it at once and
/// may be killed at any moment; read with verification: a damaged blob or entry is removed and
/// counts as absent. So nothing is synced: a crash of the machine, or deleting the folder, costs
/// time only.
///
/// Kinds and keys are "[0-9a-z._-]+" of at most 200 characters without a leading dot; others are
/// an Error. Layout:
///
///     FOLDER/v1/blobs/sha256/ab/abcdef…   content
///     FOLDER/v1/entries/KIND/KEY          an entry, as text with a checksum
///     FOLDER/v1/tmp/                      what is being written
class Store {
 public:
  /// Makes the folder when missing, and removes what a killed process left in its temporary folder
  /// more than a day ago. Throws Error when it cannot be written.
  explicit Store(std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }
  /// Where the blob with this digest lies if it is there. For naming it: open() verifies, this
  /// does not.
  std::filesystem::path blob_path(const Sha256Digest& digest) const;

  std::optional<StoreEntry> find(const std::string& kind, const std::string& key) const;
  /// The blob of an entry, its digest checked; nothing when it is absent or damaged.
  std::optional<MappedFile> open(const StoreEntry& entry) const;
  /// The blob of an entry, only its size checked: for a format that carries its own, faster check.
  std::optional<MappedFile> map(const StoreEntry& entry) const;

  /// What the name of a folder begins with that is for one run alone: one that a killed process
  /// left is removed as other temporary files are.
  std::filesystem::path temporary_folder_prefix() const;
  /// A blob being written: a file in the store's temporary folder.
  AtomicFile new_blob() const;
  /// Gives a written blob its place and enters it; the digest must be that of its content. The blob
  /// that the key had before, if another, is removed.
  void put(const std::string& kind, const std::string& key, AtomicFile blob,
           const StoreEntry& entry);

  struct Usage {
    std::string kind;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
  };
  /// Entries and octets of their blobs by kind, sorted by kind. Blobs that no entry points to (of
  /// an interrupted run, say) come last, as the kind "unreferenced".
  std::vector<Usage> usage() const;

  struct Verification {
    std::uint64_t entries = 0;           ///< that are sound
    std::uint64_t bytes = 0;             ///< of their blobs
    std::vector<std::string> damaged{};  ///< "KIND/KEY" of entries that were removed, sorted
  };
  /// Reads every blob and removes the entries whose blob is missing or has another digest. Throws
  /// Error (interrupted).
  Verification verify(std::size_t threads, const std::stop_token& stop);

  /// What trim() is to reach; nothing: any.
  struct TrimGoal {
    std::optional<std::uint64_t> bytes{};            ///< of all blobs, at most
    std::optional<std::chrono::hours> unused_for{};  ///< since its last use, at most; by the day
  };
  struct Trimming {
    std::uint64_t entries = 0;  ///< removed
    std::uint64_t freed = 0;    ///< octets
    std::uint64_t left = 0;     ///< octets of blobs
  };
  /// Removes what was not used for longest until the goal is reached, and blobs that no entry
  /// points to. Whoever uses the store meanwhile does again what is missing.
  Trimming trim(const TrimGoal& goal);

  /// Removes everything tarn put there (and nothing else). Gives the octets freed.
  std::uint64_t clear();

 private:
  struct Place;
  std::vector<Place> places() const;
  std::vector<std::filesystem::path> blobs() const;
  /// The entry in a file; one that is no entry is removed.
  std::optional<StoreEntry> look_up(const std::filesystem::path& path) const;
  std::filesystem::path entry_path(const std::string& kind, const std::string& key) const;

  std::filesystem::path folder_;
  std::filesystem::path root_;  ///< FOLDER/v1
};

}  // namespace tarn::apk
