#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "apk/database/installed.h"
#include "apk/model/package.h"
#include "apk/package/package_listing.h"
#include "builder/rootfs/owner_names.h"
#include "builder/rootfs/rootfs.h"

namespace tarn::builder {

/// A package as the installer takes it.
struct PackageToInstall {
  apk::Package package;        ///< as the index has it, with the control section's `replaces`
  std::string repository_tag;  ///< without '@'; empty: the repository has none
  std::map<apk::ScriptKind, std::string> scripts;
  std::vector<std::string> triggers;
  std::vector<apk::DataEntry> entries;
  std::shared_ptr<const ContentSource> content;  ///< what the entries' offsets count in

  /// A package that was verified, by its listing; `index_entry` is what the index (or lock) says of
  /// it. A package whose index entry has the installed size 0 has nothing to unpack and no scripts,
  /// as with apk; `listing` does not count then.
  static PackageToInstall from_listing(apk::PackageListing listing,
                                       std::shared_ptr<const ContentSource> content,
                                       const apk::Package& index_entry, std::string repository_tag);
};

/// Unpacks packages into a rootfs, one after the other, by the rules of `apk add` in an empty root:
///
/// * Names of owners are looked up in the rootfs's own passwd and group as they are when the
///   package begins; an unknown name gives the archive's number.
/// * A directory of several packages has mode and owner from one of them: the higher
///   `replaces_priority`, else of one origin the package named as the origin, else the
///   alphabetically first. A directory that was changed by others than packages keeps mode and
///   owner. A link to a directory may stand in its place; files go through it.
/// * A file of another package may be overwritten if the new package replaces the old one or both
///   have one origin; it stays if the old package replaces the new one with higher priority.
///   Anything else is an error.
/// * What the skeleton brought gives way. Files below etc that were changed by others than packages
///   stay, and the package's version is put beside them as NAME.apk-new.
///
/// After an error neither rootfs nor installer is of use.
class Installer {
 public:
  /// The rootfs must outlive the installer. Others may change it between two packages (scripts do).
  explicit Installer(Rootfs& rootfs) : rootfs_(rootfs) {}

  /// Records packages that lie in the rootfs already, as a database lists them: before any other is
  /// installed. Entries that they own become theirs; what is listed and not there is passed over.
  void adopt(std::vector<apk::InstalledPackage> packages);

  /// Unpacks a package and records it. The n-th package installed is `Owner{n}`, counted from 0.
  /// Throws Error (failed) when a path belongs to another package or cannot be made.
  Owner install(PackageToInstall package);

  /// Records that a script of a package failed, as apk does.
  void mark_failed_script(Owner package);

  /// What is installed, in order of installation: for the database, and to know the scripts.
  const std::vector<apk::InstalledPackage>& packages() const { return packages_; }

 private:
  class Unpacking;
  /// Who owns a file: its package and where that has it in its list.
  struct FileClaim {
    std::size_t package = 0;
    std::string directory;
    std::string name;
    std::optional<Sha1Digest> checksum;
  };
  /// Whose mode and owner a directory has.
  struct DirectoryClaim {
    std::size_t package = 0;
    apk::InstalledAccess access;
  };

  Rootfs& rootfs_;
  OwnerNames names_;
  std::vector<apk::InstalledPackage> packages_;
  // By the path where the entry really lies; looked up only, never walked.
  std::unordered_map<std::string, FileClaim> files_;
  std::unordered_map<std::string, DirectoryClaim> directories_;
};

}  // namespace tarn::builder
