#include "builder/image/descriptors.h"

#include <algorithm>
#include <tuple>

#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

auto platform_of(const Image* image) {
  return std::tie(image->architecture.oci, image->architecture.variant);
}

}  // namespace

Json make_descriptor(const std::string& media_type, const Sha256Digest& digest,
                     std::uint64_t size) {
  Json descriptor;
  descriptor["mediaType"] = media_type;
  descriptor["digest"] = digest_text(digest);
  descriptor["size"] = size;
  return descriptor;
}

Json make_descriptor(const JsonBlob& blob) {
  return make_descriptor(blob.media_type, blob.digest, blob.text.size());
}

Json make_descriptor(const Image& image) {
  Json descriptor = make_descriptor(image.manifest);
  Json& platform = descriptor["platform"];
  platform["architecture"] = image.architecture.oci;
  platform["os"] = "linux";
  if (!image.architecture.variant.empty()) platform["variant"] = image.architecture.variant;
  return descriptor;
}

std::vector<const Image*> by_platform(const std::vector<Image>& images) {
  std::vector<const Image*> sorted;
  sorted.reserve(images.size());
  for (const Image& image : images) sorted.push_back(&image);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Image* left, const Image* right) {
    return platform_of(left) < platform_of(right);
  });
  const auto twice =
      std::adjacent_find(sorted.begin(), sorted.end(), [](const Image* left, const Image* right) {
        return platform_of(left) == platform_of(right);
      });
  if (twice != sorted.end())
    throw Error(ErrorKind::usage,
                fmt::format("two images are for {}", (*twice)->architecture.platform()));
  return sorted;
}

}  // namespace tarn::builder
