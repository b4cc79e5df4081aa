#pragma once

#include <span>

#include "builder/sbom/document.h"
#include "builder/sbom/sbom.h"

namespace tarn::builder {

/// An image of an index, with the document about it.
struct ListedSbom {
  const Sbom& sbom;
  const SbomDocument& document;
};

/// SPDX 2.3 in JSON: a function of the model. The document describes the image, which contains its
/// layers, the operating system, the packages and the files that no package owns.
SbomDocument write_spdx(const Sbom& sbom);

/// The document of an index: it refers to those of its images, which are variants of it.
SbomDocument write_spdx(const SbomImage& index, std::span<const ListedSbom> images);

/// The document of a single package, as packages bring it: with its origin, `created` seconds since
/// 1970.
SbomDocument write_spdx(const SbomPackage& package, const SbomRoot& root, std::int64_t created);

}  // namespace tarn::builder
