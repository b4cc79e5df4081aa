#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apk/index/shared_text.h"
#include "apk/model/package.h"
#include "apk/support/bytes.h"

namespace tarn::apk {

/// The packages of one repository and architecture.
struct Index {
  std::string description;
  std::vector<Package> packages;
  std::string signer;                 ///< name of the key that verified it; empty: not verified
  std::vector<std::string> warnings;  ///< fields skipped, packages made uninstallable
};

/// Parses the text of APKINDEX. Throws Error (failed) with the line number for what cannot be read;
/// unknown fields and broken dependencies are handled as apk does (spec: APKINDEX).
Index parse_index_text(std::string_view text);

/// The text of APKINDEX for packages sorted by name and version, fields in apk's order.
std::string index_text(std::vector<Package> packages);

/// The container APKINDEX.tar.gz, taken apart and not yet trusted.
struct IndexFile {
  struct SignatureFile {
    std::string name;  ///< ".SIGN.RSA.KEYNAME"
    Bytes value;
  };
  std::vector<SignatureFile> signature_files;
  ByteView signed_bytes;    ///< what the signatures cover, in the octets that were parsed
  std::string description;  ///< DESCRIPTION; empty when there is none
  SharedText text;          ///< APKINDEX

  /// Throws Error (failed) for anything malformed or larger than the bounds. `name` is what
  /// messages call the file; `file` must outlive the result.
  static IndexFile parse(ByteView file, const std::string& name);
  /// As parse(), but its signatures alone: description and text stay empty.
  static IndexFile parse_signatures(ByteView file, const std::string& name);
};

/// APKINDEX.tar.gz without a signature: a function of its arguments alone.
Bytes write_index(std::string_view description, std::vector<Package> packages);

}  // namespace tarn::apk
