#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tarn::builder {

/// How a server wants to be shown who asks: one challenge of a WWW-Authenticate header
/// (RFC 9110 §11.6.1).
struct Challenge {
  std::string scheme;                             ///< lower case: "basic", "bearer"
  std::map<std::string, std::string> parameters;  ///< names in lower case
  /// A parameter; empty without.
  std::string parameter(const std::string& name) const;
};

/// All challenges of one header's value; what cannot be read is left out.
std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace tarn::builder
