#include "builder/cli/sbom_options.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::builder {

void add_sbom_options(CLI::App& command, SbomOptions& options, const std::string& purpose) {
  command
      .add_flag("--sbom{spdx}", options.formats,
                purpose + ": as SPDX 2.3, or =spdx,cyclonedx (see docs/sbom.md)")
      ->option_text("[=FORMATS]");
  command.add_flag("--sbom-in-image", options.is_in_image,
                   "Put an SPDX file about each package into the image, under var/lib/db/sbom");
}

std::vector<SbomFormat> parse_sbom_formats(std::string_view list) {
  std::vector<SbomFormat> formats;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view name = list.substr(begin, end - begin);
    const auto format = sbom_format(name);
    if (!format)
      throw Error(ErrorKind::usage, fmt::format("'{}' is no format of SBOMs", name))
          .hint("formats are spdx and cyclonedx; several are separated by commas");
    if (std::ranges::find(formats, *format) == formats.end()) formats.push_back(*format);
    begin = end + 1;
  }
  return formats;
}

std::filesystem::path sbom_path(const std::filesystem::path& stem, const SbomDocument& document) {
  const std::string& architecture = document.architecture;
  return fmt::format("{}.{}.{}", stem.string(), architecture.empty() ? "index" : architecture,
                     file_suffix(document.format));
}

}  // namespace tarn::builder
