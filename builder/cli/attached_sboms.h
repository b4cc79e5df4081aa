#pragma once

#include <stop_token>
#include <vector>

#include "apk/support/progress.h"
#include "builder/cli/attached_artifacts.h"
#include "builder/image_sbom.h"

namespace tarn::builder {

/// The SBOMs of the images and of their index, each as an artifact that belongs to what it
/// describes.
std::vector<Artifact> sbom_artifacts(const PushedImages& pushed, const SbomSettings& settings,
                                     Progress& progress, const std::stop_token& stop);

}  // namespace tarn::builder
