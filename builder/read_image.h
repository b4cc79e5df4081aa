#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <vector>

#include "apk/model/architecture.h"
#include "builder/image/image.h"
#include "builder/registry/image_source.h"
#include "builder/sink/sink.h"

namespace tarn::builder {

/// Reads the image for one architecture out of a layout or a repository: config, manifest and
/// layers, each of which has the digest that names it, and holds the tar that the config names.
/// Indexes in indexes are followed. Media types of docker's layers become OCI's. Throws Error:
/// failed when there is none for the architecture (the details name those there are) or it is
/// malformed; trust for another digest; else as the source does.
Image read_image(ImageSource& source, const apk::Architecture& architecture,
                 const std::filesystem::path& scratch, const std::stop_token& stop);

/// What an image is known by: its index, or where it is for one platform alone its manifest.
struct ImageTop {
  JsonBlob blob;
  bool is_index = false;
  std::vector<apk::Architecture> architectures;  ///< that it says it is for, each once
};

/// Reads what stands above the images. Throws as read_image does; of an image for no
/// platform that is known here the list is empty.
ImageTop read_top(ImageSource& source);

/// The source's own index where it lists exactly these images.
std::optional<JsonBlob> own_index(const ImageTop& top, const std::vector<Image>& images);

/// Reads all images, or those for the architectures named: of one platform the first. What is for
/// no platform that tarn knows (attestations) is left out; the index is the source's own where it
/// lists exactly what was read, else a new one. Throws as read_image does.
Images read_images(ImageSource& source, std::vector<apk::Architecture> architectures,
                   const std::filesystem::path& scratch, const std::stop_token& stop);

}  // namespace tarn::builder
