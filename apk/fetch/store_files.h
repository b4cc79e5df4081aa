#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include <sys/stat.h>

namespace tarn::apk {

/// The names of a store's files, and what can be asked of them while others write there.

inline constexpr std::string_view cache_tag_name = "CACHEDIR.TAG";
inline constexpr std::string_view temporary_prefix = ".tarn-";

/// What lies directly in a folder, sorted; nothing if it is not there, or not a real folder.
std::vector<std::filesystem::path> children(const std::filesystem::path& folder);

/// Whether it is named as a blob is: by its digest.
bool is_blob_name(const std::filesystem::path& path);

/// Of a regular file; nothing if it is none (any more).
std::optional<struct stat> status_of(const std::filesystem::path& path);
/// Octets of a regular file; nothing if it is none (any more).
std::optional<std::uint64_t> size_of(const std::filesystem::path& path);

/// Removes a regular file; the octets freed. That it is gone already is as good.
std::uint64_t remove_file(const std::filesystem::path& path);

}  // namespace tarn::apk
