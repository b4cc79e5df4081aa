#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "builder/rootfs/content.h"

namespace tarn::builder {

/// The contents of one segment while its pieces are read: each source is loaded once, by whichever
/// thread needs it first, and let go with the last piece that needs it.
class SegmentContents {
 public:
  void expect(const std::vector<const ContentSource*>& sources) {
    for (const ContentSource* source : sources) ++slots_[source].uses;
  }

  std::shared_ptr<const Bytes> load(const ContentSource& source) {
    Slot& slot = slots_.at(&source);
    const std::lock_guard lock(slot.mutex);
    if (!slot.bytes) slot.bytes = source.load();
    return slot.bytes;
  }

  void release(const std::vector<const ContentSource*>& sources) {
    for (const ContentSource* source : sources) {
      Slot& slot = slots_.at(source);
      const std::lock_guard lock(slot.mutex);
      if (--slot.uses == 0) slot.bytes.reset();
    }
  }

 private:
  struct Slot {
    std::mutex mutex;
    std::shared_ptr<const Bytes> bytes;
    std::size_t uses = 0;
  };
  std::unordered_map<const ContentSource*, Slot> slots_;  ///< looked up, never walked
};

}  // namespace tarn::builder
