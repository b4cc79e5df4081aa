#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apk/model/identity.h"
#include "apk/support/hash.h"
#include "apk/support/url.h"

namespace tarn::builder {

/// A package as apko locks it: where it lies, and its checksums. What else there is to know of it
/// stands in the package alone.
struct ApkoLockedPackage {
  std::string name;
  std::string version;
  std::string architecture;  ///< apk's name
  Url url;
  apk::Identity identity;
  std::optional<Sha256Digest> data;  ///< of the data section, where the lock has it

  std::string label() const { return name + "-" + version; }
};

/// What tarn uses of a lock file of apko's (NAME.lock.json, version "v1"): the packages, and which
/// configuration they are of. The octet ranges in it are for tools that fetch sections one by one.
struct ApkoLock {
  /// SHA-256 of the configuration's octets, followed by those of what it includes; not every
  /// version of apko writes it.
  std::optional<Sha256Digest> configuration;
  std::vector<ApkoLockedPackage> packages;  ///< in install order, architecture by architecture
};

/// Reads such a file's text; `name` is what messages call it. Members that are not used may have
/// any value. Throws Error (failed) that names the member that is wrong, and usage for another
/// version of the format.
ApkoLock read_apko_lock(std::string_view text, const std::string& name);

}  // namespace tarn::builder
