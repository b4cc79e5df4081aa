#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apk/model/package.h"
#include "apk/support/bytes.h"
#include "apk/trust/signature.h"

namespace tarn::apk {

/// The scripts of a package, in the order in which the scripts database lists them.
enum class ScriptKind {
  pre_install,
  post_install,
  pre_deinstall,
  post_deinstall,
  pre_upgrade,
  post_upgrade,
  trigger,
};
inline constexpr std::size_t script_kind_count = 7;
/// "pre-install", …
std::string_view script_name(ScriptKind kind);
std::optional<ScriptKind> parse_script_name(std::string_view name);

/// Bounds for what a package may unpack to.
struct PackageLimits {
  std::size_t signature = 1U << 20U;
  std::size_t control = 10U << 20U;
  std::uint64_t data =
      16ULL << 30U;  ///< hard bound; the size the package declares bounds it further
};

/// A v2 package file (.apk): three gzip members (signature, control, data). Parsing reads the first
/// two; the file's octets must outlive it.
class PackageFile {
 public:
  /// Finds the members and reads the control section. `name` is what messages call the file.
  /// Throws Error (failed) with the byte offset for anything malformed.
  static PackageFile parse(ByteView file, std::string name, const PackageLimits& limits = {});

  const std::string& name() const { return name_; }
  /// Metadata of .PKGINFO; `identity` and `size` are computed from the file.
  const Package& package() const { return package_; }
  /// Lower-case hexadecimal SHA-256 the data member must have; empty when the package states none.
  const std::string& data_hash() const { return data_hash_; }
  const std::vector<std::string>& triggers() const { return triggers_; }
  const std::map<ScriptKind, std::string>& scripts() const { return scripts_; }
  const std::vector<Signature>& signatures() const { return signatures_; }

  ByteView signature_member() const { return signature_member_; }
  ByteView control_member() const { return control_member_; }
  ByteView data_member() const { return data_member_; }

  /// Throws Error (trust), naming file, expected and found, unless the control member has this
  /// identity (from an index or a lock).
  void verify_identity(const Identity& expected) const;
  /// Throws Error (trust) unless the data member has the hash the control section states.
  void verify_data_hash() const;
  /// Throws Error (trust) unless a key of `keyring` signed the control member; gives its name. Also
  /// throws when a single octet of the section that holds the signatures was changed, which no
  /// signature covers.
  std::string verify_signature(const Keyring& keyring) const;

  const PackageLimits& limits() const { return limits_; }

 private:
  void read(ByteView file);
  void take_info(std::string_view text);
  void take_script(ScriptKind kind, std::string_view text);

  std::string name_;
  PackageLimits limits_;
  Package package_;
  std::string data_hash_;
  std::vector<std::string> triggers_;
  std::map<ScriptKind, std::string> scripts_;
  std::vector<Signature> signatures_;
  ByteView signature_member_;
  ByteView control_member_;
  ByteView data_member_;
};

enum class EntryType { directory, file, symlink, hard_link, character_device, block_device, fifo };

/// One entry of a package's data section, in archive order.
struct DataEntry {
  std::string path;  ///< without leading or trailing '/', never ".", never leaving the root
  EntryType type = EntryType::file;
  std::uint32_t mode = 0;  ///< 07777
  std::uint32_t uid = 0;   ///< numeric owner of the header: counts only where the name is unknown
  std::uint32_t gid = 0;
  std::string user;
  std::string group;
  std::int64_t mtime = 0;
  std::uint64_t size = 0;    ///< octets of a file's content
  std::uint64_t offset = 0;  ///< of a file's content in PackageData::tar
  std::string target;        ///< of a symlink verbatim; of a hard link the path in the archive
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs;
  /// Of a file's content or a symlink's target; a hard link has that of its file.
  std::optional<Sha1Digest> checksum;
};

/// The data section: its inflated tar and where everything lies in it.
struct PackageData {
  std::shared_ptr<const Bytes> tar;
  std::vector<DataEntry> entries;
};

/// Inflates and reads the data section through libarchive; every content is checked against its
/// embedded checksum. Throws Error (trust) for a wrong checksum (naming file, expected and found),
/// Error (failed) for a malformed or oversized archive or a path that would leave the root.
PackageData read_package_data(const PackageFile& package);

}  // namespace tarn::apk
