#pragma once

#include <nlohmann/json_fwd.hpp>

#include "apk/model/package.h"
#include "apk/package/package_file.h"

namespace tarn::builder {

/// The fields of a package that are set, under the names .PKGINFO has for them.
nlohmann::ordered_json package_json(const apk::Package& package);

/// An entry of a package's data section.
nlohmann::ordered_json entry_json(const apk::DataEntry& entry);

/// "file", "directory", …
const char* entry_type_name(apk::EntryType type);

}  // namespace tarn::builder
