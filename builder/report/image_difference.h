#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "apk/database/installed.h"
#include "builder/image/json.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// An image that is compared, for one architecture.
struct ComparedImage {
  const Rootfs& rootfs;
  std::span<const apk::InstalledPackage> packages;
  const Json& config;               ///< the OCI config
  const Json& manifest;             ///< for its annotations
  std::uint64_t size = 0;           ///< octets of the layers
  std::uint64_t unpacked_size = 0;  ///< octets of their tars
};

enum class PackageChange {
  added,
  removed,
  upgraded,
  downgraded,
  rebuilt,  ///< the same version with another identity
};

struct PackageDifference {
  PackageChange change = PackageChange::added;
  std::string name;
  std::string before;  ///< version; empty when added
  std::string after;
  std::uint64_t size_before = 0;  ///< installed octets
  std::uint64_t size_after = 0;
};

/// A value that is another; empty where there is none.
struct ValueDifference {
  std::string name;
  std::string before;
  std::string after;
};

enum class FileChange { added, removed, changed };

/// Anything in the tree, directories and links as well.
struct FileDifference {
  FileChange change = FileChange::added;
  std::string path;
  std::string package;  ///< whose it is (of what was removed: was); may be empty
  /// Of what was changed: "type", "mode", "owner", "size", "content", "target", "device", "xattrs".
  std::vector<ValueDifference> values{};
  std::uint64_t size_before = 0;
  std::uint64_t size_after = 0;
};

/// What is not the same in two images.
struct ImageDifference {
  std::vector<PackageDifference> packages;  ///< by name
  std::vector<FileDifference> files;        ///< by path
  std::vector<ValueDifference> config;      ///< "Env.PATH", "Cmd", "annotations.NAME"
  std::uint64_t size_before = 0;            ///< octets of the layers
  std::uint64_t size_after = 0;
  std::uint64_t unpacked_before = 0;
  std::uint64_t unpacked_after = 0;

  bool empty() const { return packages.empty() && files.empty() && config.empty(); }
};

/// Compares two images by what they unpack to, what their databases list and what their configs
/// say. Times do not count, nor does how the layers are cut.
ImageDifference compare_images(const ComparedImage& before, const ComparedImage& after);

/// "upgraded" and so on; "added" and so on.
std::string_view name_of(PackageChange change);
std::string_view name_of(FileChange change);

}  // namespace tarn::builder
