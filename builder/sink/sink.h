#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "apk/support/error.h"
#include "builder/image/image.h"
#include "builder/sink/octet_sink.h"

namespace tarn::builder {

/// What is written out: the images of all architectures and the index over them.
struct Images {
  std::vector<Image> images;
  JsonBlob index;
  /// An image reference, completed or as the person wrote it ("base", "base:1.2",
  /// "registry.example.org/team/base:1.2"); may be empty.
  std::string tag;
};

/// The digest by which consumers know the images: of the manifest of a single one (or of the one
/// for the architecture with that apk name), else of the index.
const Sha256Digest& digest_of(const Images& images, const std::string& architecture = {});

/// What an archive is readable as.
enum class ArchiveForm {
  hybrid,  ///< an OCI layout and a docker-archive at once
  oci,     ///< an OCI layout
  docker,  ///< a docker-archive (what `docker save` writes and `docker load` reads)
};

/// Writes the images as one tar; its octets are a function of the images, the tag and the form.
/// Throws Error (usage) for a tag that is no reference, and for zstd in a docker-archive.
void write_archive(const Images& images, ArchiveForm form, OctetSink& sink,
                   const std::stop_token& stop);

/// What is said where layers in zstd are to be written as a docker-archive (usage).
Error no_zstd_in_docker_archive();

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

/// Throws what write_layout would throw for what is there now, for images with that tag.
void check_layout(const std::filesystem::path& folder, const std::string& tag);

}  // namespace tarn::builder
