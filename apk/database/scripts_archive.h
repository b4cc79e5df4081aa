#pragma once

#include <span>
#include <string>
#include <string_view>

#include "apk/database/installed.h"
#include "apk/support/bytes.h"

namespace tarn::apk {

/// The name of a script in the scripts archive: "NAME-VERSION.X1HEX.KIND", HEX being the package's
/// identity.
std::string script_file_name(const Package& package, ScriptKind kind);

/// lib/apk/db/scripts.tar: the scripts of all packages as a tar (ustar header with GNU magic, GNU
/// long names), packages in order of the database, scripts in order of their kind; mode 0755, owner
/// root, time of the package's build.
Bytes write_scripts_archive(std::span<const InstalledPackage> packages);

/// lib/apk/db/triggers: a line for each package with trigger globs, in the order given (that of
/// installation).
std::string triggers_text(std::span<const InstalledPackage> packages);

/// Reads lib/apk/db/scripts.tar and lib/apk/db/triggers into the packages they belong to; scripts
/// and triggers of others are passed over. Throws Error (failed) for a malformed archive or line.
void read_scripts_archive(ByteView tar, std::span<InstalledPackage> packages);
void read_triggers(std::string_view text, std::span<InstalledPackage> packages);

}  // namespace tarn::apk
