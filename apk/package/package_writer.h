#pragma once

#include <map>
#include <string>
#include <vector>

#include "apk/model/package.h"
#include "apk/package/package_file.h"
#include "apk/package/payload.h"
#include "apk/support/bytes.h"
#include "apk/trust/signature.h"

namespace tarn::apk {

/// What a package says of itself, beside what it installs.
struct PackageManifest {
  /// `identity`, `size` and `installed_size` follow from the content and do not count.
  Package package;
  std::string packager;
  std::vector<std::string> triggers;  ///< globs of absolute paths, maybe with a leading '+'
  std::map<ScriptKind, std::string> scripts;
};

/// Which times the entries of the data section carry.
enum class EntryTimes {
  build,  ///< all the package's build time
  kept,   ///< their own, where those are not later than the build time
};

struct PackageWriteOptions {
  int level = 9;  ///< of gzip, 1 to 12
  EntryTimes times = EntryTimes::build;
};

/// The newest time in a payload, folders aside: the build time of a package that states none.
std::int64_t newest_file_time(const Payload& payload);

/// Throws Error (usage) saying which field is wrong: no or a bad name, version or architecture, a
/// broken dependency, one with a tag, a relative trigger, a line break in a text.
void check_manifest(const PackageManifest& manifest);

/// The content of .PKGINFO.
std::string package_info_text(const PackageManifest& manifest, std::uint64_t installed_size,
                              const std::string& data_hash);

/// A v2 package without a signature: a function of its arguments and the files they name alone.
/// Throws as check_manifest() and arrange_payload() do, and Error (failed) for a file that cannot
/// be read or does not fit the format.
Bytes write_package(const PackageManifest& manifest, Payload payload,
                    const PackageWriteOptions& options = {});

/// The package with a signature of `key` put before it; earlier signatures are dropped. `key_name`
/// is the file name its public key will have ("me.rsa.pub"); `name` is what messages call the file.
Bytes sign_package(ByteView file, const PrivateKey& key, SignatureAlgorithm algorithm,
                   const std::string& key_name, const std::string& name);

}  // namespace tarn::apk
