#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "builder/report/image_difference.h"

namespace tarn::builder {

/// How many files are listed.
enum class ListedFiles {
  unexplained,  ///< those that do not follow from a change of their package; at most 50
  all,
};

/// A text as part of a line: control characters are shown as "\\x0a".
std::string line_text(const std::string& text);

/// For a terminal: packages, files, config and sizes, lines ended by '\n'. What belongs to packages
/// that were added, removed or changed is counted alone.
std::string difference_text(const ImageDifference& difference, ListedFiles listed);

/// The same in Markdown, for the description of a pull request: tables, a list that folds.
std::string difference_markdown(const ImageDifference& difference, ListedFiles listed);

nlohmann::ordered_json values_json(const std::vector<ValueDifference>& values);
nlohmann::ordered_json files_json(const std::vector<FileDifference>& files);

/// Everything.
nlohmann::ordered_json difference_json(const ImageDifference& difference);

}  // namespace tarn::builder
