#pragma once

#include <map>
#include <string>
#include <vector>

#include "builder/cli/command.h"

namespace tarn::builder {

/// Declares --annotation, for commands that build.
void add_annotation_option(CLI::App& command, std::vector<std::string>& annotations);

/// `KEY=VALUE` (or KEY:VALUE) settings. Throws Error (usage).
std::map<std::string, std::string> parse_annotations(const std::vector<std::string>& settings);

}  // namespace tarn::builder
