#include "builder/cli/build_options.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "apk/support/error.h"

namespace tarn::builder {

void add_annotation_option(CLI::App& command, std::vector<std::string>& annotations) {
  command
      .add_option("--annotation,--annotations", annotations,
                  "An annotation for manifest, index and labels (may be repeated)")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
}

std::map<std::string, std::string> parse_annotations(const std::vector<std::string>& settings) {
  std::map<std::string, std::string> annotations;
  for (const std::string& setting : settings) {
    const auto end = setting.find_first_of("=:");
    if (end == std::string::npos || end == 0)
      throw Error(ErrorKind::usage, fmt::format("--annotation {}: expected KEY=VALUE", setting));
    if (!annotations.emplace(setting.substr(0, end), setting.substr(end + 1)).second)
      throw Error(ErrorKind::usage,
                  fmt::format("--annotation {} is given twice", setting.substr(0, end)));
  }
  return annotations;
}

}  // namespace tarn::builder
