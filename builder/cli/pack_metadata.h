#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apk/package/package_writer.h"

namespace tarn::builder {

/// What `tarn apk pack` is told about a package besides its content: from a metadata file, the
/// command line, or both.
struct PackMetadata {
  apk::PackageManifest manifest;
  std::optional<std::int64_t> build_time;  ///< seconds since 1970
  std::vector<apk::PayloadRule> rules;     ///< owners and modes
};

/// Reads a YAML file with the keys name, version, arch, description, license, url, origin,
/// maintainer, packager, commit, build-time, provider-priority, replaces-priority (single values);
/// depends, provides, replaces, install-if, triggers (lists); scripts (kind → file, relative to the
/// metadata file); owners (path → USER:GROUP); modes (path → octal). Throws Error (usage) with
/// file, line and column for anything else.
PackMetadata read_pack_metadata(const std::filesystem::path& path);

/// Sets a single value or adds to a list by its key in the metadata file. Throws Error (usage) for
/// an unknown key or a value that does not parse.
void set_pack_value(PackMetadata& metadata, std::string_view key, const std::string& value);

/// Adds a script: `kind` is "pre-install", …
void add_pack_script(PackMetadata& metadata, std::string_view kind,
                     const std::filesystem::path& file);

/// A rule from PATTERN and "USER:GROUP" (names, or numbers; a name's number, for where the name is
/// unknown, is that of nobody, 65534).
apk::PayloadRule owner_rule(const std::string& pattern, std::string_view owner);
/// A rule from PATTERN and an octal mode.
apk::PayloadRule mode_rule(const std::string& pattern, std::string_view mode);

}  // namespace tarn::builder
