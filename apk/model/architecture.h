#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::apk {

/// An architecture with its name in apk's world and in OCI's.
struct Architecture {
  std::string apk;      ///< "x86_64"
  std::string oci;      ///< "amd64"
  std::string variant;  ///< OCI variant ("v6", "v7"); usually empty

  /// From an apk name, an OCI name ("arm64", "arm/v7"), or "host". Nothing when unknown.
  static std::optional<Architecture> parse(std::string_view name);
  /// The machine this program runs on.
  static Architecture host();
  /// All nine, sorted by apk name.
  static std::vector<Architecture> all();
  /// "linux/arm/v7" as OCI tools print it.
  std::string platform() const;

  bool operator==(const Architecture&) const = default;
};

}  // namespace tarn::apk
