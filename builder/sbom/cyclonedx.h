#pragma once

#include <span>

#include "builder/sbom/document.h"
#include "builder/sbom/sbom.h"
#include "builder/sbom/spdx.h"

namespace tarn::builder {

/// CycloneDX 1.6 in JSON: a function of the model. What the format has no place for are properties
/// "tarn:…".
SbomDocument write_cyclonedx(const Sbom& sbom);

/// The document of an index: its images are components that refer to their own documents.
SbomDocument write_cyclonedx(const SbomImage& index, std::span<const ListedSbom> images);

}  // namespace tarn::builder
