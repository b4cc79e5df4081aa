#include "builder/rootfs/entry_fault.h"

namespace tarn::builder {

Error entry_fault(const Position& position, const std::string& message) {
  return {ErrorKind::usage, position.file.empty() ? message : position.str() + ": " + message};
}

}  // namespace tarn::builder
