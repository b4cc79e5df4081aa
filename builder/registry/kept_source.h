#pragma once

#include <map>
#include <optional>
#include <string>

#include "builder/registry/image_source.h"

namespace tarn::builder {

/// A source that is asked for each thing once: for who reads an image several times.
class KeptSource final : public ImageSource {
 public:
  /// `source` must outlive it.
  explicit KeptSource(ImageSource& source) : source_(source) {}

  const std::string& name() const override { return source_.name(); }
  std::string top() override;
  std::string manifest(const Sha256Digest& digest, std::uint64_t limit) override;
  std::string config(const Sha256Digest& digest, std::uint64_t limit) override;
  MappedFile blob(const Sha256Digest& digest, std::uint64_t size,
                  const std::filesystem::path& folder) override;

 private:
  ImageSource& source_;
  std::optional<std::string> top_;
  std::map<Sha256Digest, std::string> texts_;
  std::map<Sha256Digest, MappedFile> blobs_;
};

}  // namespace tarn::builder
