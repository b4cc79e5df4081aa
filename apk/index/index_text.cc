#include <algorithm>
#include <string>
#include <utility>

#include "apk/index/index.h"
#include "apk/index/package_text.h"
#include "apk/model/version.h"

namespace tarn::apk {
namespace {

bool listed_before(const Package& left, const Package& right) {
  if (left.name != right.name) return name_less(left.name, right.name);
  return compare_versions(left.version, right.version) < 0;
}

}  // namespace

Index parse_index_text(std::string_view text) {
  Index index;
  PackageTextReader reader(text);
  while (const PackageText* package = reader.next())
    index.packages.push_back(package->to_package());
  index.warnings = std::move(reader.warnings());
  return index;
}

std::string index_text(std::vector<Package> packages) {
  std::stable_sort(packages.begin(), packages.end(), listed_before);
  std::string text;
  for (const auto& package : packages) append_package_text(text, package);
  return text;
}

}  // namespace tarn::apk
