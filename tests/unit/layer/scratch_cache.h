#pragma once

#include <filesystem>

#include "apk/fetch/store.h"
#include "apk/support/file.h"
#include "apk/support/progress.h"
#include "builder/layer/layer_cache.h"

namespace tarn::test {

/// A layer cache in a folder of its own, which goes with it.
struct ScratchCache {
  TemporaryDirectory folder{std::filesystem::temp_directory_path() / "tarn-layer-"};
  apk::Store store{folder.path()};
  SilentProgress progress{};
  builder::LayerCache cache{store, progress};
};

}  // namespace tarn::test
