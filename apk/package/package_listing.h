#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apk/model/dependency.h"
#include "apk/package/package_file.h"
#include "apk/support/bytes.h"

namespace tarn::apk {

/// What unpacking needs of a package besides the contents of its files.
struct PackageListing {
  std::vector<Dependency> replaces;
  std::uint32_t replaces_priority = 0;
  std::map<ScriptKind, std::string> scripts;
  std::vector<std::string> triggers;
  std::vector<DataEntry> entries;  ///< as read_package_data() gives them
  std::uint64_t tar_size = 0;      ///< octets of the inflated data section
};

/// The listing of a package that was read. The entries are taken out of `data`.
PackageListing list_package(const PackageFile& package, PackageData data);

/// The version of the form below.
inline constexpr int package_listing_version = 1;
/// No listing in that form is larger.
inline constexpr std::size_t max_package_listing_size = 64U << 20U;

/// A listing as octets: a header, flat records, and the texts they speak of, all numbers
/// little-endian, so that a long one is read in no more time than its strings take to copy:
///
///     header    "tarnlist", then u32: version, replaces_priority, number of owners, scripts,
///               triggers, replaces, entries, devices, xattrs, 0; then u64: tar size, text size
///     owner     u32: uid, gid, length of user, length of group
///     script    u32: kind, length
///     trigger   u32: length
///     replaces  u32: length
///     entry     u64: size, offset, mtime; u32: mode + (type << 16) + (has a checksum << 24),
///               number of the owner, length of path, length of target; 20 octets: SHA-1
///     device    u32: number of the entry, major, minor (one for each device)
///     xattr     u32: number of the entry, length of name, length of value (in order of both)
///     texts     of all records in their order, one behind the other
///
/// Nothing for a listing that would be larger than max_package_listing_size.
std::optional<Bytes> format_package_listing(const PackageListing& listing);

/// Reads that back. Nothing for octets that are not a whole listing, or in which anything is not as
/// a package could have it: a path that leaves the root, a content outside the data section.
std::optional<PackageListing> parse_package_listing(ByteView bytes);

}  // namespace tarn::apk
