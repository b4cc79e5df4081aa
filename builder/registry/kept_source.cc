#include "builder/registry/kept_source.h"

namespace tarn::builder {

std::string KeptSource::top() {
  if (!top_) top_ = source_.top();
  return *top_;
}

std::string KeptSource::manifest(const Sha256Digest& digest, std::uint64_t limit) {
  const auto kept = texts_.find(digest);
  if (kept != texts_.end()) return kept->second;
  return texts_.emplace(digest, source_.manifest(digest, limit)).first->second;
}

std::string KeptSource::config(const Sha256Digest& digest, std::uint64_t limit) {
  const auto kept = texts_.find(digest);
  if (kept != texts_.end()) return kept->second;
  return texts_.emplace(digest, source_.config(digest, limit)).first->second;
}

MappedFile KeptSource::blob(const Sha256Digest& digest, std::uint64_t size,
                            const std::filesystem::path& folder) {
  const auto kept = blobs_.find(digest);
  if (kept != blobs_.end() && kept->second.bytes().size() == size) return kept->second;
  return blobs_.insert_or_assign(digest, source_.blob(digest, size, folder)).first->second;
}

}  // namespace tarn::builder
