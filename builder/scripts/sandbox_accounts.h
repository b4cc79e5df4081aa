#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// What programs that change accounts take from the clock or leave beside them, and an image must
/// not hold: the day of the change in etc/shadow, and the backup copies.
class AccountFiles {
 public:
  /// Notes how they are before a script runs.
  explicit AccountFiles(const Rootfs& rootfs);

  /// In lines of etc/shadow that are new, a day from `first_day` to `last_day` (days since 1970:
  /// when the script ran) becomes `day`; etc/passwd-, group-, shadow- and gshadow- become what they
  /// were.
  void settle(Rootfs& rootfs, std::int64_t first_day, std::int64_t last_day,
              std::int64_t day) const;

 private:
  std::string shadow_;
  std::map<std::string, std::optional<Entry>> backups_;  ///< copies of nodes, by path
};

}  // namespace tarn::builder
