#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "builder/image/image.h"

namespace tarn::builder {

/// What is written out: the images of all architectures and the index over them.
struct Images {
  std::vector<Image> images;
  JsonBlob index;
  /// An image reference, completed or as the person wrote it ("base", "base:1.2",
  /// "registry.example.org/team/base:1.2"); may be empty.
  std::string tag;
};

/// Writes one tar that is an OCI layout and a docker-archive at once (oci-layout, index.json,
/// manifest.json, blobs/): docker, containerd, podman and skopeo load it. The file appears whole or
/// not at all; its bytes are a function of the images and the tag.
///
/// index.json has one entry: the image's manifest, or the index over several images; its ref.name
/// is the tag alone ("latest"), its io.containerd.image.name the full reference. manifest.json has
/// an entry for each image; its RepoTags is the reference as docker shows it, for several images
/// with the platform behind it ("base:latest-amd64", "base:latest-arm-v7").
/// Throws Error (usage) for a tag that is no reference.
void write_archive(const Images& images, const std::filesystem::path& path,
                   const std::stop_token& stop = {});

/// Writes an OCI image layout directory, with the same entry in index.json as write_archive.
/// A new folder appears whole or not at all. In an existing layout (or an empty folder) the blobs
/// are added, each whole or not at all, and index.json is replaced last: the entry of the same
/// ref.name (without a tag: those that have none) gives way, all others stay.
/// Throws Error (usage) for a tag that is no reference, for a folder that holds something else, and
/// when the ref.name belongs to an image of another name, which could not be told from this one.
void write_layout(const Images& images, const std::filesystem::path& folder,
                  const std::stop_token& stop = {});

}  // namespace tarn::builder
