#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/image/image.h"

namespace tarn::builder {

enum class SbomFormat {
  spdx,       ///< SPDX 2.3 as JSON
  cyclonedx,  ///< CycloneDX 1.6 as JSON
};

/// "spdx" or "cyclonedx"; nothing for another name.
std::optional<SbomFormat> sbom_format(std::string_view name);
/// What the names of its files end in: "spdx.json", "cdx.json".
std::string_view file_suffix(SbomFormat format);

/// An SBOM as it is written.
struct SbomDocument {
  SbomFormat format = SbomFormat::spdx;
  std::string architecture;  ///< apk's name; empty: of the index
  JsonBlob file;             ///< with the media type of its format
  /// By what other documents refer to it: SPDX's namespace, CycloneDX's serial number.
  std::string identity;
};

}  // namespace tarn::builder
