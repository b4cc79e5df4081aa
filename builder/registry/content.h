#pragma once

#include <string>
#include <vector>

#include "apk/support/bytes.h"
#include "builder/image/image.h"

namespace tarn::builder {

/// A blob to be pushed; its bytes belong to the images.
struct ContentBlob {
  Sha256Digest digest;
  ByteView bytes;
};

/// Everything that makes up what a tag names, in the order in which a registry wants it: blobs,
/// manifests, and what the tag names.
struct PushContent {
  std::vector<ContentBlob> blobs;      ///< each once, the largest first
  std::vector<JsonBlob> manifests;     ///< of each platform
  std::vector<std::string> platforms;  ///< of each of `manifests`
  JsonBlob top;                        ///< the index
};

enum class MediaTypes {
  oci,
  docker,  ///< manifest version 2, schema 2: no annotations, no zstd
};

/// The images with an index over them, for one image as for several. The bytes of configs and
/// layers are the same for both kinds of media types.
/// Throws Error (usage) for layers that docker's media types cannot name (zstd).
PushContent push_content(const std::vector<Image>& images, const JsonBlob& index, MediaTypes types);

}  // namespace tarn::builder
