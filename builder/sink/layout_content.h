#pragma once

#include <string>
#include <vector>

#include "apk/support/bytes.h"
#include "builder/image/json.h"
#include "builder/sink/sink.h"

namespace tarn::builder {

/// The content of the file `oci-layout` (OCI image layout specification 1.0).
inline constexpr std::string_view layout_marker = R"({"imageLayoutVersion":"1.0.0"})";

/// Annotations by which an entry of index.json is found.
inline constexpr const char* ref_name_key = "org.opencontainers.image.ref.name";
inline constexpr const char* image_name_key = "io.containerd.image.name";

/// A blob to be written; its bytes belong to the images.
struct LayoutBlob {
  Sha256Digest digest;
  ByteView bytes;
  const Layer* layer = nullptr;  ///< whose blob it is; null for what is small
  /// Its path in a layout: "blobs/sha256/…".
  std::string path() const;
};

/// All blobs of the images, each once: what is small first, layers last, in order of platform.
/// Throws Error (failed) when there is no image.
std::vector<LayoutBlob> layout_blobs(const Images& images);

/// The images' entry in index.json: the manifest of a single image, else the index over them, with
/// the annotations of the tag.
Json layout_entry(const Images& images);

/// Gives an entry the annotations of a tag; none for an empty one. Throws Error (usage) for a tag
/// that is no reference.
void name_entry(Json& entry, const std::string& tag);

/// A whole index.json of `entries`.
Json layout_index(Json entries);

}  // namespace tarn::builder
