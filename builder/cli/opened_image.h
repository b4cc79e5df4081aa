#pragma once

#include <memory>
#include <optional>
#include <string>

#include "builder/registry/image_source.h"
#include "builder/registry/reference.h"
#include "builder/registry/session.h"

namespace tarn::builder {

/// An existing image that a person named.
struct OpenedImage {
  std::unique_ptr<ImageSource> source;
  std::string name;  ///< the image's own, as people write it; may be empty
};

/// What `text` names in a registry, [docker://][REGISTRY/]NAME[:TAG][@sha256:…]; nothing where it
/// names a file or a folder that is there. Throws Error (usage) for what is no name.
std::optional<SourceReference> registry_image(const std::string& text);

/// Opens an image by what a person writes: the folder of an OCI image layout, an archive that holds
/// one, or [docker://][REGISTRY/]NAME[:TAG][@sha256:…] of a registry. What `world` refers to must
/// outlive it. Throws Error: usage for what is none of these, failed.
OpenedImage open_image(const std::string& text, const RegistryWorld& world);

}  // namespace tarn::builder
