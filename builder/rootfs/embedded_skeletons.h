#pragma once

#include <span>
#include <string_view>

namespace tarn::builder {

/// A file of rootfs-skel/ as it was when the program was built.
struct EmbeddedFile {
  std::string_view path;  ///< below rootfs-skel/
  std::string_view content;
};

/// All of rootfs-skel/, in order of paths. The build generates its source.
std::span<const EmbeddedFile> embedded_skeletons();

}  // namespace tarn::builder
