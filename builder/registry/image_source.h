#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "apk/support/file.h"
#include "apk/support/hash.h"
#include "builder/image/image.h"
#include "builder/registry/reference.h"
#include "builder/registry/session.h"

namespace tarn::builder {

/// Where images are read from. All that comes of it has the digest it was asked for by.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  ImageSource() = default;
  ImageSource(const ImageSource&) = delete;
  ImageSource& operator=(const ImageSource&) = delete;

  /// What messages call it.
  virtual const std::string& name() const = 0;
  /// The index, or manifest, that it is entered by. Throws Error when there is none.
  virtual std::string top() = 0;
  /// An index or manifest, and a config. Throws Error: failed or network when it is missing or has
  /// more than `limit` octets, trust when its digest is another.
  virtual std::string manifest(const Sha256Digest& digest, std::uint64_t limit) = 0;
  virtual std::string config(const Sha256Digest& digest, std::uint64_t limit) = 0;
  /// A blob of that size. Throws as these do; what has to be kept goes into a file without a
  /// name in `folder`.
  virtual MappedFile blob(const Sha256Digest& digest, std::uint64_t size,
                          const std::filesystem::path& folder) = 0;
};

/// An OCI image layout directory (OCI image layout specification 1.0). Throws Error (failed) when
/// the folder is none.
std::unique_ptr<ImageSource> open_layout(const std::filesystem::path& folder);

/// An image of a registry. What `world` refers to must outlive it.
std::unique_ptr<ImageSource> open_repository(const RegistryWorld& world,
                                             const SourceReference& reference);

}  // namespace tarn::builder
