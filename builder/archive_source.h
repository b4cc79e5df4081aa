#pragma once

#include <filesystem>
#include <memory>

#include "builder/registry/image_source.h"

namespace tarn::builder {

/// An OCI image layout in an uncompressed tar (OCI image layout specification 1.0): what tarn and
/// `skopeo copy oci-archive:` write. Throws Error (failed) when the file is none.
std::unique_ptr<ImageSource> open_archive(const std::filesystem::path& file);

}  // namespace tarn::builder
