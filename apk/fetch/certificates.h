#pragma once

#include <filesystem>
#include <string>

namespace tarn::apk {

/// Which certificate authorities a transport trusts.
struct Certificates {
  std::filesystem::path file;  ///< a bundle (PEM) in place of the built-in one; empty: that one
  std::string bundle;          ///< the bundle itself (PEM); when not empty it counts, not `file`
};

/// Those of the system, `system_file`, with those in `more` (PEM; may be empty) added. Throws Error
/// when a file cannot be read, or `more` has no certificate.
Certificates trusted_certificates(const std::filesystem::path& system_file,
                                  const std::filesystem::path& more);

}  // namespace tarn::apk
