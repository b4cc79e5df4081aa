#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

#include "builder/report/size_report.h"

namespace tarn::builder {

/// A saving as people read it: "prune: [doc]", "apk-database: drop", "without curl".
std::string saving_text(const Saving& saving);

/// Everything, in octets.
nlohmann::ordered_json size_json(const SizeReport& report);

/// How a page names an image.
struct SizeTitle {
  std::string image;     ///< as the person named it
  std::string platform;  ///< "linux/amd64"
};

/// A page for browsers that needs nothing else and loads nothing: treemap, table, search. Of more
/// than `most_files` entries the smaller ones are counted together, by directory, package and type.
std::string size_html(const SizeReport& report, const SizeTitle& title,
                      std::size_t most_files = 40'000);

}  // namespace tarn::builder
