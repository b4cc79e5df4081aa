#include "builder/sbom/document.h"

namespace tarn::builder {

std::optional<SbomFormat> sbom_format(std::string_view name) {
  if (name == "spdx") return SbomFormat::spdx;
  if (name == "cyclonedx") return SbomFormat::cyclonedx;
  return std::nullopt;
}

std::string_view file_suffix(SbomFormat format) {
  return format == SbomFormat::spdx ? "spdx.json" : "cdx.json";
}

}  // namespace tarn::builder
