#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "apk/package/package_file.h"
#include "apk/support/file.h"
#include "builder/rootfs/content.h"

namespace tarn::builder {

/// The inflated data section of a package, as a source of contents. It keeps the package file
/// mapped and inflates its data member when the octets are asked for; while someone holds them,
/// others get the same copy. So memory is bounded by the packages in use at one time.
class PackageContent final : public ContentSource {
 public:
  /// `mapping` is what `file` was parsed from. `tar` is the data section as it was read: it is
  /// shared as long as someone keeps it, and what is inflated later must have its size.
  PackageContent(MappedFile mapping, const apk::PackageFile& file,
                 const std::shared_ptr<const Bytes>& tar);

  /// Throws Error (failed) when the file no longer holds what was read from it.
  std::shared_ptr<const Bytes> load() const override;

 private:
  MappedFile mapping_;
  ByteView data_member_;
  std::size_t tar_size_;
  mutable std::mutex mutex_;
  mutable std::weak_ptr<const Bytes> loaded_;
};

}  // namespace tarn::builder
