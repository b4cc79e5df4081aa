#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builder/lock/lock.h"

namespace tarn::builder {

/// What became of one package from one lock to another.
struct LockChange {
  enum class Kind { added, removed, upgraded, downgraded, replaced };
  std::string architecture;
  std::string package;
  Kind kind = Kind::added;  ///< replaced: another package of the same version
  std::string before;       ///< version; empty: added
  std::string after;        ///< version; empty: removed
  bool operator==(const LockChange&) const = default;
};

std::string_view word_for(LockChange::Kind kind);

/// By architecture, then by name.
std::vector<LockChange> find_lock_changes(const Lock& before, const Lock& after);

}  // namespace tarn::builder
