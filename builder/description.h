#pragma once

#include <string_view>

#include "apk/support/hash.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// A hash of texts, each after its length, so that no two lists of them read alike.
class Description {
 public:
  void add(std::string_view text);
  void add(const Sha256Digest& digest) { add(to_hex(digest)); }
  /// All that is in it, with contents, but for whom it belongs to.
  void add(const Rootfs& rootfs);
  Sha256Digest finish() { return hasher_.finish(); }

 private:
  Sha256 hasher_;
};

}  // namespace tarn::builder
