#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "builder/lock/apko_lock.h"
#include "builder/lock/lock.h"

namespace tarn::builder {

/// The version of the format that write_lock() writes.
constexpr int lock_version = 1;

/// The text of a lock file: JSON with a line for each package, key, part of the recipe and so on,
/// so that changes by several people meet as rarely as can be. A function of the lock alone.
std::string write_lock(const Lock& lock);

/// Reads such a text; `name` is what messages call the file. Throws Error (failed) that names the
/// member that is wrong ("architectures.x86_64.packages[3].size"), and usage for a version of the
/// format that this program does not know.
Lock read_lock(std::string_view text, const std::string& name);

/// Where the lock of a recipe stands: NAME.lock.json beside it, NAME.VARIANT.lock.json for one of
/// its variants (empty: none).
std::filesystem::path lock_path(const std::filesystem::path& recipe, const std::string& variant);

/// Whether the file at `path` is a lock that apko wrote, which has the same name: tarn uses it and
/// never writes over it. False where no file is, or one that cannot be read.
bool is_apko_lock(const std::filesystem::path& path);

/// The lock of apko's at `path`. Throws as read_apko_lock(), and where no file is.
ApkoLock read_apko_lock_file(const std::filesystem::path& path);

/// The lock at `path`; nothing where no file is. Throws as read_lock(), and usage for one of
/// apko's.
std::optional<Lock> find_lock(const std::filesystem::path& path);

}  // namespace tarn::builder
