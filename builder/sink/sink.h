#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "builder/image/image.h"

namespace tarn::builder {

/// What is written out: the images of all architectures and the index over them.
struct Images {
  std::vector<Image> images;
  JsonBlob index;
  std::string
      tag;  ///< "name:tag" as the person wrote it, completed to a full reference; may be empty
};

/// Writes one tar that is an OCI layout and a docker-archive at once (blobs/, oci-layout,
/// index.json, manifest.json, repositories): docker, containerd, podman and skopeo load it. The
/// file appears whole or not at all; its bytes are a function of the images and the tag.
void write_archive(const Images& images, const std::filesystem::path& path);

/// Writes an OCI image layout directory. A new folder appears whole or not at all; in an existing
/// layout the blobs are added and index.json is replaced last, keeping other references.
void write_layout(const Images& images, const std::filesystem::path& folder);

}  // namespace tarn::builder
