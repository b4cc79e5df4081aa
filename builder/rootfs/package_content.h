#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "apk/model/identity.h"
#include "apk/support/file.h"
#include "builder/rootfs/content.h"
#include "builder/rootfs/recent_data.h"

namespace tarn::builder {

/// The inflated data section of a package, as a source of contents. The package file is opened and
/// its data member inflated when the octets are asked for; while someone holds them, others get the
/// same copy. So memory is bounded by the packages in use at one time.
class PackageContent final : public ContentSource {
 public:
  struct Facts {
    std::string label;  ///< for messages
    /// Of the package, if that covers the data: the control section states a hash of it.
    std::optional<apk::Identity> identity;
    std::uint64_t tar_size = 0;
    /// Brings the package file, verified to be the one whose facts these are. Called on any thread,
    /// on one at a time.
    std::function<MappedFile()> open;
    /// Keeps the data for a while, as long as it is there itself.
    std::weak_ptr<RecentData> recent{};
  };

  /// `tar` is the data section where it was read just now: it is shared as long as someone keeps
  /// it.
  explicit PackageContent(Facts facts, const std::shared_ptr<const Bytes>& tar = nullptr)
      : facts_(std::move(facts)), loaded_(tar) {}

  /// Throws what `open` throws, and Error (failed) when the file does not hold as many octets.
  std::shared_ptr<const Bytes> load() const override;
  /// "package Q1…" where the package's identity covers the data.
  std::string identity() const override;
  std::optional<DeflateStream> stream() const override;

 private:
  Facts facts_;
  mutable std::mutex mutex_;
  mutable std::weak_ptr<const Bytes> loaded_;
};

}  // namespace tarn::builder
