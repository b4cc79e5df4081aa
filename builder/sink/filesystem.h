#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "apk/support/hash.h"
#include "builder/sink/layer_tree.h"

namespace tarn::builder {

/// What an image of a file system is a function of besides the tree.
struct FilesystemSettings {
  std::int64_t created = 0;           ///< seconds since 1970: the time the file system was made
  Sha256Digest identity;              ///< its UUID and seeds are made from this
  std::string compression;            ///< a name that check_… takes; empty: the default
  std::optional<std::uint64_t> size;  ///< octets of an ext4 file system; else what the tree needs
  std::size_t threads = 1;            ///< never changes the octets
};

/// The newest time in the tree, or `created` if that is newer.
std::int64_t newest_time(const LayerTree& tree, std::int64_t created);

/// A UUID (RFC 4122: version 8, "custom") made from a digest.
std::string uuid_of(const Sha256Digest& digest);

/// Throw Error (failed) where the programs that make such a file system are not installed, and
/// Error (usage) for a compression it does not have.
void check_squashfs(const std::string& compression);
void check_erofs(const std::string& compression);
void check_ext4();

/// Make an image of a file system with exactly the tree as `file`, which must not be there.
/// `folder`: one of the file's file system for what is needed on the way, removed by the caller.
///
/// ext4 (mke2fs, then debugfs makes each file; "lost+found" is added) needs no privilege, squashfs
/// (mksquashfs of 4.5 or newer reads the tree as tar) none but a user namespace of one id. erofs is
/// made from a tar by mkfs.erofs 1.7 or newer, by older ones from a folder: then root is needed or
/// a user namespace with all ids, and for device nodes root. Throw Error (failed, interrupted).
void make_squashfs(const LayerTree& tree, const FilesystemSettings& settings,
                   const std::filesystem::path& file, const std::stop_token& stop);
void make_erofs(const LayerTree& tree, const FilesystemSettings& settings,
                const std::filesystem::path& file, const std::filesystem::path& folder,
                const std::stop_token& stop);
void make_ext4(const LayerTree& tree, const FilesystemSettings& settings,
               const std::filesystem::path& file, const std::filesystem::path& folder,
               const std::stop_token& stop);

}  // namespace tarn::builder
