#include "builder/sink/layout_content.h"

#include <set>

#include "apk/support/error.h"
#include "builder/image/descriptors.h"
#include "builder/registry/reference.h"

namespace tarn::builder {

std::string LayoutBlob::path() const {
  return "blobs/sha256/" + to_hex(digest);
}

std::vector<LayoutBlob> layout_blobs(const Images& images) {
  if (images.images.empty()) throw Error(ErrorKind::failed, "there is no image to write");
  std::vector<LayoutBlob> blobs;
  std::set<Sha256Digest> known;
  const auto add = [&](const Sha256Digest& digest, ByteView bytes, const Layer* layer = nullptr) {
    if (known.insert(digest).second) blobs.push_back({digest, bytes, layer});
  };
  const auto sorted = by_platform(images.images);
  if (sorted.size() > 1) add(images.index.digest, as_bytes(images.index.text));
  for (const Image* image : sorted) {
    add(image->manifest.digest, as_bytes(image->manifest.text));
    add(image->config.digest, as_bytes(image->config.text));
  }
  for (const Image* image : sorted)
    for (const Layer& layer : image->layers) add(layer.digest, layer.blob.bytes(), &layer);
  return blobs;
}

Json layout_entry(const Images& images) {
  Json entry = images.images.size() == 1 ? make_descriptor(images.images.front())
                                         : make_descriptor(images.index);
  name_entry(entry, images.tag);
  return entry;
}

void name_entry(Json& entry, const std::string& tag) {
  if (tag.empty()) return;
  const Reference reference = Reference::parse(tag);
  entry["annotations"][image_name_key] = reference.full();
  entry["annotations"][ref_name_key] = reference.tag;
}

const Sha256Digest& digest_of(const Images& images, const std::string& architecture) {
  if (images.images.size() == 1) return images.images.front().manifest.digest;
  for (const Image& image : images.images)
    if (image.architecture.apk == architecture) return image.manifest.digest;
  return images.index.digest;
}

Json layout_index(Json entries) {
  Json index;
  index["schemaVersion"] = 2;
  index["mediaType"] = "application/vnd.oci.image.index.v1+json";
  index["manifests"] = std::move(entries);
  return index;
}

}  // namespace tarn::builder
