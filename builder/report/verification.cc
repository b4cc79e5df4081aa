#include "builder/report/verification.h"

#include <algorithm>
#include <map>

namespace tarn::builder {
namespace {

bool same_value(const ValueDifference& left, const ValueDifference& right) {
  return left.name == right.name && left.before == right.before && left.after == right.after;
}

bool same_difference(const FileDifference& left, const FileDifference& right) {
  return left.path == right.path && left.change == right.change &&
         std::ranges::equal(left.values, right.values, same_value);
}

/// Moves differences that others have, too, from one list to another.
void move_common(std::vector<FileDifference>& from, const std::vector<FileDifference>& others,
                 std::vector<FileDifference>& to) {
  const auto common = std::stable_partition(from.begin(), from.end(), [&](const auto& one) {
    return std::ranges::none_of(others,
                                [&](const auto& other) { return same_difference(one, other); });
  });
  std::move(common, from.end(), std::back_inserter(to));
  from.erase(common, from.end());
}

}  // namespace

std::size_t Verification::differences() const {
  std::size_t count = blobs.faults.size() + index.size() + (rewritten_index ? 1 : 0);
  for (const VerifiedImage& image : images) {
    count += image.packages.differences.size() + image.packages.faults.size();
    // What keeps an image from being read is mostly a blob's fault, which is counted already.
    if (!image.unreadable.empty() && blobs.faults.empty()) ++count;
    if (!image.rebuilt) continue;
    const RebuildDifference& rebuilt = *image.rebuilt;
    count += rebuilt.layers.records.size() + rebuilt.layers.forms.size() + rebuilt.config.size() +
             rebuilt.manifest.size() + rebuilt.rewritten.size();
  }
  return count;
}

void set_aside_recipes(VerifiedImage& image, const PackageCheck& recipes) {
  move_common(image.packages.differences, recipes.differences, image.by_recipe);
  move_common(image.packages.configuration, recipes.configuration, image.by_recipe);
  std::erase_if(image.packages.faults, [&](const std::string& fault) {
    return std::ranges::find(recipes.faults, fault) != recipes.faults.end();
  });
}

void name_packages(std::vector<FileDifference>& files,
                   const std::vector<apk::InstalledPackage>& packages) {
  std::map<std::string, std::string> names;
  for (const apk::InstalledPackage& installed : packages)
    for (std::string& path : apk::file_paths(installed))
      names.insert_or_assign(std::move(path), installed.package.name);
  for (FileDifference& file : files)
    if (const auto found = names.find(file.path); found != names.end())
      file.package = found->second;
}

}  // namespace tarn::builder
