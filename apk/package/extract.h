#pragma once

#include <filesystem>
#include <stop_token>

#include "apk/package/package_file.h"
#include "apk/support/progress.h"

namespace tarn::apk {

enum class ExistingFiles { refused, replaced };
enum class ScriptFiles { left_out, written };

struct ExtractOptions {
  ExistingFiles existing = ExistingFiles::refused;
  ScriptFiles scripts = ScriptFiles::left_out;  ///< as ".post-install", … in the folder
};

/// Unpacks the data section into `folder`, which is made when missing. Symlinks that are met in it
/// are followed as if `folder` were the root, so nothing is written outside. Owners (by their
/// numbers) are set when the process is root's; devices and attributes that may not be made are
/// left out with a warning. With `refused`, anything that is in the way is reported, as Error
/// (usage), before the first file is written; folders that exist are kept. Throws Error for what
/// cannot be written, with nothing half-written under that file's name.
void extract_package(const PackageFile& package, const PackageData& data,
                     const std::filesystem::path& folder, const ExtractOptions& options,
                     Progress& progress, const std::stop_token& stop);

}  // namespace tarn::apk
