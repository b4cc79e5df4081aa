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

/// JSON as the program prints it: indented, octets that are not UTF-8 replaced.
std::string json_text(const nlohmann::ordered_json& json);

}  // namespace tarn::builder
