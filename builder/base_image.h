#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/database/installed.h"
#include "apk/model/dependency.h"
#include "builder/image/image.h"
#include "builder/recipe/recipe.h"
#include "builder/registry/image_source.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// An image that others are built upon: what its layers unpack to, and what its database says.
struct BaseImage {
  std::string name;  ///< for messages
  Image image;
  Rootfs rootfs;
  std::vector<apk::InstalledPackage> installed;  ///< with their scripts and triggers
  std::vector<apk::Dependency> world;            ///< its etc/apk/world
};

/// What the layers unpack to, from the lowest up; contents of files lie in a file without a name in
/// `scratch`. Throws Error (failed) for a layer that is damaged or hostile.
Rootfs unpack_layers(std::span<const Layer> layers, const std::filesystem::path& scratch,
                     const std::stop_token& stop);

/// Reads the image for one architecture; contents of files lie in a file without a name in
/// `scratch`. Throws Error as read_image does, and failed for a layer that is hostile or a damaged
/// database.
BaseImage read_base_image(ImageSource& source, const apk::Architecture& architecture,
                          const std::filesystem::path& scratch, const std::stop_token& stop);

/// Compares the image's packages with apko's `apkindex`: FOLDER/ARCHITECTURE/APKINDEX, in the form
/// of an installed database. An image without a database has the packages that this lists. Throws
/// Error (failed) when the two differ.
void merge_base_index(BaseImage& base, const std::filesystem::path& folder,
                      const apk::Architecture& architecture);

/// A tree of its own, with the same contents and hard links.
Rootfs copy_rootfs(const Rootfs& rootfs);

/// What a layer above `before` has to bring to make `after` of it: what is new or was changed with
/// the directories above it, all names of a file that has one such, and whiteouts (".wh.NAME", OCI
/// image layer specification) for what is gone.
Rootfs changed_part(const Rootfs& before, const Rootfs& after);

}  // namespace tarn::builder
