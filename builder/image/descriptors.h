#pragma once

#include <vector>

#include "builder/image/image.h"
#include "builder/image/json.h"

namespace tarn::builder {

/// OCI descriptors: media type, digest and size of what is described, for indexes and manifests.
Json make_descriptor(const std::string& media_type, const Sha256Digest& digest, std::uint64_t size);
Json make_descriptor(const JsonBlob& blob);
/// The descriptor of an image's manifest, with its platform.
Json make_descriptor(const Image& image);

/// The images in order of platform (architecture, then variant).
/// Throws Error (usage) when two are for the same platform.
std::vector<const Image*> by_platform(const std::vector<Image>& images);

}  // namespace tarn::builder
