#include "builder/rootfs/directory_list.h"

#include <algorithm>

namespace tarn::builder {
namespace {

constexpr std::size_t unsorted_limit = 32;

bool path_less(const apk::InstalledDirectory& left, const apk::InstalledDirectory& right) {
  return left.path < right.path;
}

}  // namespace

apk::InstalledDirectory& DirectoryList::get(std::string_view path) {
  if (current_ < directories_.size() && directories_[current_].path == path) {
    return directories_[current_];
  }
  if (directories_.size() - sorted_ > unsorted_limit) sort();
  const auto tail = directories_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  auto found = std::lower_bound(directories_.begin(), tail, path,
                                [](const apk::InstalledDirectory& left, std::string_view right) {
                                  return left.path < right;
                                });
  if (found == tail || found->path != path) {
    found = std::find_if(tail, directories_.end(),
                         [path](const apk::InstalledDirectory& d) { return d.path == path; });
  }
  current_ = static_cast<std::size_t>(found - directories_.begin());
  if (found != directories_.end()) return *found;

  const bool in_order =
      sorted_ == directories_.size() && (directories_.empty() || directories_.back().path < path);
  directories_.emplace_back().path = path;
  if (in_order) ++sorted_;
  return directories_.back();
}

void DirectoryList::sort() {
  const auto tail = directories_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  std::sort(tail, directories_.end(), path_less);
  std::inplace_merge(directories_.begin(), tail, directories_.end(), path_less);
  sorted_ = directories_.size();
}

}  // namespace tarn::builder
