#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tarn::builder {

/// A package URL (purl specification, ECMA-427): pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS.
struct PackageUrl {
  std::string type;
  std::string name_space;  ///< its parts separated by '/'; may be empty
  std::string name;
  std::string version;                            ///< may be empty
  std::map<std::string, std::string> qualifiers;  ///< none of them empty

  /// Canonical: parts percent-encoded, qualifiers in order.
  std::string str() const;
  /// Nothing for a text that is none. What follows a '#' is left out.
  static std::optional<PackageUrl> parse(std::string_view text);

  bool operator==(const PackageUrl&) const = default;
};

}  // namespace tarn::builder
