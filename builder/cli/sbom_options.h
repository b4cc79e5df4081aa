#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "builder/cli/command.h"
#include "builder/image_sbom.h"
#include "builder/sbom/package_sboms.h"

namespace tarn::builder {

/// What a person asks for of SBOMs where an image is built.
struct SbomOptions {
  std::string formats;       ///< separated by commas; empty: none
  bool is_in_image = false;  ///< documents about the packages in the image

  bool is_wanted() const { return !formats.empty(); }
  PackageSboms package_sboms() const {
    return is_in_image ? PackageSboms::written : PackageSboms::left_out;
  }
};

/// Declares --sbom and --sbom-in-image; `purpose` is what --sbom does here.
void add_sbom_options(CLI::App& command, SbomOptions& options, const std::string& purpose);

/// The formats of a list "spdx,cyclonedx", each once. Throws Error (usage) for another name.
std::vector<SbomFormat> parse_sbom_formats(std::string_view list);

/// The file of a document: STEM.ARCHITECTURE.spdx.json, STEM.index.cdx.json.
std::filesystem::path sbom_path(const std::filesystem::path& stem, const SbomDocument& document);

}  // namespace tarn::builder
