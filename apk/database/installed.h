#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apk/model/package.h"
#include "apk/package/package_file.h"
#include "apk/support/hash.h"

namespace tarn::apk {

/// Owner and mode of a directory or file as the database keeps them: numbers, resolved when the
/// package was unpacked.
struct InstalledAccess {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t mode = 0;  ///< 07777
  std::optional<Sha1Digest>
      xattrs;  ///< xattr_digest() of its extended attributes; none: it has none
  bool operator==(const InstalledAccess&) const = default;
};

/// Anything a package put into a directory that is no directory itself.
struct InstalledFile {
  std::string name;                        ///< R: its name in the directory
  InstalledAccess access{0, 0, 0644, {}};  ///< a
  std::optional<Sha1Digest> checksum;      ///< Z: of the content, or of a symlink's target
  bool operator==(const InstalledFile&) const = default;
};

/// A directory of a package with the files in it that the package owns.
struct InstalledDirectory {
  std::string path;                        ///< F: without leading or trailing '/'; "" is the root
  InstalledAccess access{0, 0, 0755, {}};  ///< M
  std::vector<InstalledFile> files;
  bool operator==(const InstalledDirectory&) const = default;
};

/// What the database of a root keeps of one installed package.
struct InstalledPackage {
  Package package;
  std::string repository_tag;                   ///< s: without '@'
  std::string flags;                            ///< f: of "fsxS"
  std::vector<std::string> tags;                ///< g
  std::vector<InstalledDirectory> directories;  ///< in order of first appearance in the package
  std::map<ScriptKind, std::string> scripts;    ///< kept in the scripts archive
  std::vector<std::string> triggers;            ///< globs, kept in the triggers file
};

/// The paths of its files and links, as the package names them.
std::vector<std::string> file_paths(const InstalledPackage& installed);

/// What the database keeps of extended attributes: SHA-1 over name and value of each, in order of
/// name, both preceded by their length as 32 bits in big endian. Nothing when there are none.
std::optional<Sha1Digest> xattr_digest(const std::map<std::string, std::string>& xattrs);

/// The packages in the order of the database: by name, as name_less has it.
std::vector<const InstalledPackage*> in_database_order(std::span<const InstalledPackage> packages);

/// The text of lib/apk/db/installed, as apk writes it: packages in order of the database, files of
/// a directory in order of octets.
std::string installed_text(std::span<const InstalledPackage> packages);

/// The largest lib/apk/db/installed that is read, in octets.
inline constexpr std::size_t installed_text_limit = 256U << 20U;

/// Reads lib/apk/db/installed (scripts and triggers lie in other files). `name` is what messages
/// call it. Strict: throws Error (failed) with file and line for an unknown field, a line out of
/// place, a number, digest or name that is none, a text over the limit.
std::vector<InstalledPackage> parse_installed(std::string_view text, const std::string& name);

}  // namespace tarn::apk
