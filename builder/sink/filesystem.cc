#include "builder/sink/filesystem.h"

#include <algorithm>

namespace tarn::builder {

std::int64_t newest_time(const LayerTree& tree, std::int64_t created) {
  std::int64_t newest = created;
  for (const LayerTree::Entry& entry : tree.entries())
    newest = std::max(newest, entry.header.mtime);
  return newest;
}

std::string uuid_of(const Sha256Digest& digest) {
  auto octets = digest.octets;
  octets[6] = static_cast<std::uint8_t>((octets[6] & 0x0FU) | 0x80U);
  octets[8] = static_cast<std::uint8_t>((octets[8] & 0x3FU) | 0x80U);
  std::string text = to_hex(std::as_bytes(std::span(octets)).first(16));
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

}  // namespace tarn::builder
