#pragma once

#include <cstdint>
#include <string_view>

#include "apk/model/package.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// What becomes of a file that an installed package owns and a new one brings.
enum class FileVerdict {
  overwrite,  ///< it is the new package's from now on
  keep,       ///< it stays as it is; the new package does not get it
  conflict,   ///< the new package has no right to it
};
FileVerdict judge_file(const apk::Package& installed, const apk::Package& added);

/// Whether a directory that both bring takes mode and owner from the package added.
bool takes_directory(const apk::Package& installed, const apk::Package& added);

/// Whether a change of what lies at `path` is kept from packages that bring it later: below etc; of
/// etc/init.d symbolic links only.
bool is_protected(std::string_view path, NodeType type);

}  // namespace tarn::builder
