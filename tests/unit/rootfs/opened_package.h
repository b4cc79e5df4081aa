#pragma once

#include <memory>
#include <utility>

#include "apk/package/package_file.h"
#include "apk/support/file.h"
#include "builder/rootfs/installer.h"
#include "builder/rootfs/package_content.h"

namespace tarn::test {

/// A package file of the host as the installer takes it; `entry` is what the index says of it.
inline builder::PackageToInstall opened_package(const std::filesystem::path& path,
                                                const apk::Package& entry) {
  const auto mapping = MappedFile::open(path);
  const auto file = apk::PackageFile::parse(mapping.bytes(), path.string());
  file.verify_identity(entry.identity);
  apk::PackageData data = apk::read_package_data(file);
  auto tar = data.tar;
  auto listing = apk::list_package(file, std::move(data));
  auto content = std::make_shared<const builder::PackageContent>(
      builder::PackageContent::Facts{.label = entry.label(),
                                     .identity = entry.identity,
                                     .tar_size = listing.tar_size,
                                     .open = [mapping] { return mapping; }},
      tar);
  return builder::PackageToInstall::from_listing(std::move(listing), std::move(content), entry, "");
}

}  // namespace tarn::test
