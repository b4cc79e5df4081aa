#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "builder/layer/layer.h"

namespace tarn::builder {

/// A part of an image.
struct SizeShare {
  std::uint64_t installed = 0;   ///< octets of files' contents, once for all names of a file
  std::uint64_t compressed = 0;  ///< octets of the layers' blobs, headers counted in
  std::size_t files = 0;         ///< entries that are no directories

  void add(const SizeShare& other) {
    installed += other.installed;
    compressed += other.compressed;
    files += other.files;
  }
};

/// A part by the name of what it is of.
struct NamedShare {
  std::string name;
  SizeShare share;
};

struct PackageSize {
  std::string name;
  std::string version;
  std::string origin;      ///< the source package
  SizeShare share;         ///< its files, and directories that no other package has
  bool is_wanted = false;  ///< world asks for it
  /// Of one that is wanted: what would go with it, and how many packages that are. It is not among
  /// them where others need it.
  SizeShare alone;
  std::size_t alone_packages = 0;
};

/// An entry of the tree.
struct FileSize {
  static constexpr std::size_t no_package = std::numeric_limits<std::size_t>::max();
  std::string path;  ///< without a leading '/'; of the root empty
  std::size_t package = no_package;
  std::size_t type = 0;  ///< number in the report's types
  SizeShare share;
};

/// A directory or file with all that lies in it.
struct TreeSize {
  std::string name;  ///< of the root empty
  SizeShare share;
  std::vector<TreeSize> children;  ///< by installed octets
};

/// Something that could be left out, and what that would bring by itself.
struct Saving {
  enum class Kind {
    prune,         ///< `name` is a set or glob for a recipe's `prune`
    apk_database,  ///< `apk-database: drop`
    package,       ///< `name` is a package that world asks for
  };
  Kind kind = Kind::prune;
  std::string name;
  SizeShare share;
  std::size_t packages = 0;  ///< of a package: how many would go
};

/// Where the octets of an image come from. The shares of all packages, `unowned` and `hidden` are
/// the whole; so are those of all origins, or of all types, or of the tree, and `hidden`. Lists
/// begin with the most installed octets.
struct SizeReport {
  SizeShare whole;
  SizeShare unowned;  ///< what no package owns; of directories those that several packages have
  SizeShare hidden;   ///< what a layer has and a later one hides
  std::vector<PackageSize> packages;
  std::vector<NamedShare> origins;  ///< source packages; "" is what no package owns
  std::vector<NamedShare> types;    ///< kinds of files, see file_kind()
  std::vector<FileSize> files;      ///< all entries, by path; the root has what ends the tars, too
  TreeSize tree;
  std::vector<Saving> savings;
};

/// Measures an image by its layers, from the lowest up, read once. Who needs whom is read from the
/// apk database that lies in the image; without one nothing is a package's. Throws Error (failed)
/// for a damaged layer or database, or Error (interrupted).
SizeReport measure_image(std::span<const Layer> layers, const std::stop_token& stop);

}  // namespace tarn::builder
