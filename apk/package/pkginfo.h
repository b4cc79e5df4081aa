#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apk/model/package.h"

namespace tarn::apk {

/// What .PKGINFO says: the package (without identity and file size, which are the file's), and what
/// only a package file has.
struct PackageInfo {
  Package package;
  std::string data_hash;  ///< lower-case hexadecimal SHA-256; empty when there is none
  std::vector<std::string> triggers;
};

/// Reads .PKGINFO: lines `key = value`, comments from '#', keys repeated for lists; keys that tarn
/// does not know are skipped. Broken dependencies are handled as in an index. Throws Error (failed)
/// with the line number for what cannot be read, and when name, version or architecture is missing.
PackageInfo parse_pkginfo(std::string_view text);

}  // namespace tarn::apk
