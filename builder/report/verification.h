#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "apk/support/hash.h"
#include "builder/report/blob_check.h"
#include "builder/report/image_difference.h"
#include "builder/report/package_check.h"
#include "builder/report/rebuild_difference.h"

namespace tarn::builder {

/// What was found of the image for one platform.
struct VerifiedImage {
  std::string platform;
  std::string unreadable;  ///< why it could not be looked into; empty: it could
  Sha256Digest manifest{};
  PackageCheck packages;
  /// Of what the check of the packages found, that which is so in what the recipe gives, too.
  std::vector<FileDifference> by_recipe;
  std::optional<RebuildDifference> rebuilt;  ///< nothing: it was not compared
};

/// What was found of an image.
struct Verification {
  std::string name;
  std::string recipe;  ///< it was compared with; empty: with none
  BlobCheck blobs;
  std::vector<VerifiedImage> images;
  std::vector<ValueDifference> index;  ///< against that of the recipe
  bool rewritten_index = false;        ///< the same values in other octets

  /// How many things are not as they should be; 0: the image is sound.
  std::size_t differences() const;
};

/// Moves what is so in `recipes` check, too, out of the image's.
void set_aside_recipes(VerifiedImage& image, const PackageCheck& recipes);

/// Names the packages whose the files are, by what databases list.
void name_packages(std::vector<FileDifference>& files,
                   const std::vector<apk::InstalledPackage>& packages);

}  // namespace tarn::builder
