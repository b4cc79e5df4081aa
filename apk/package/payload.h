#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "apk/package/package_file.h"
#include "apk/support/bytes.h"

namespace tarn::apk {

/// One entry of a package that is being made. Of `header` what follows from the content (size,
/// offset, checksum) does not count.
struct PayloadEntry {
  DataEntry header;
  /// A file's content: its octets, or the host's file to read when it is packed.
  std::variant<Bytes, std::filesystem::path> content;
};

/// What a package will install.
using Payload = std::vector<PayloadEntry>;

/// Who owns what is read from a folder.
enum class FolderOwners {
  root,  ///< everything is root's
  kept,  ///< the host's owners, numbers and names
};

/// Everything beneath a folder of the host; files with more than one name in it become hard links;
/// `user.*` and `security.capability` attributes are taken. Throws Error for what cannot be read
/// and for sockets. Contents are not read yet.
Payload read_payload_folder(const std::filesystem::path& folder, FolderOwners owners);

/// Everything in a tar archive (of any dialect and compression), with the owners, modes, links,
/// devices and `SCHILY.xattr` attributes it states. A leading "./" of its paths is dropped. Of a
/// path that comes twice the last entry counts, as when unpacking. Throws Error (failed) for a
/// malformed archive, an absolute path, one with a ".." part, or more than `limit` octets.
Payload read_payload_tar(const std::filesystem::path& archive,
                         std::uint64_t limit = PackageLimits{}.data);

/// An owner and group, as a package states them.
struct PayloadOwner {
  std::string user;  ///< empty: the number counts
  std::string group;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// Gives the entries whose path matches `pattern` (as fnmatch: '*' also matches '/') another owner
/// or mode. A part that is not set stays.
struct PayloadRule {
  std::string pattern;
  std::optional<PayloadOwner> owner;
  std::optional<std::uint32_t> mode;  ///< not for symlinks
};

/// Applies the rules in order. Throws Error (usage) naming a rule that matches nothing.
void apply_rules(Payload& payload, const std::vector<PayloadRule>& rules);

/// Brings a payload into the order and form a package has: sorted by the parts of the paths, so
/// that directories come before their content; every parent directory there (mode 0755, root's,
/// where it was missing); of several hard links of one file the first holds the content. Throws
/// Error (usage), naming the path: one that packages may not carry (absolute, "." or ".." parts,
/// control characters, top-level names that begin with '.'), two entries of one path, something
/// beneath a path that is no directory, a hard link to nothing.
Payload arrange_payload(Payload payload);

}  // namespace tarn::apk
