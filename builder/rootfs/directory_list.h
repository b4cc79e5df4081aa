#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apk/database/installed.h"

namespace tarn::builder {

/// The directories of one package in the order in which apk 3 lists them: that of first appearance
/// in the archive, except that a look-up sorts the whole list by octets once more than 32
/// directories stand at its end out of order.
class DirectoryList {
 public:
  /// `directories` is the list that grows; it must outlive this.
  explicit DirectoryList(std::vector<apk::InstalledDirectory>& directories)
      : directories_(directories) {}

  /// The directory of this path, appended when it is not in the list. Valid until the next call.
  apk::InstalledDirectory& get(std::string_view path);

 private:
  void sort();

  std::vector<apk::InstalledDirectory>& directories_;
  std::size_t sorted_ = 0;   ///< so many directories at the front are in order
  std::size_t current_ = 0;  ///< the directory given last: asking for it again is no look-up
};

}  // namespace tarn::builder
