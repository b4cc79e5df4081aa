#include "builder/lock/lock.h"

#include <algorithm>

namespace tarn::builder {

const LockedArchitecture* Lock::find(const std::string& architecture) const {
  const auto found =
      std::ranges::find(architectures, architecture, &LockedArchitecture::architecture);
  return found == architectures.end() ? nullptr : &*found;
}

}  // namespace tarn::builder
