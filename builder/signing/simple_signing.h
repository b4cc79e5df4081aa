#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apk/support/hash.h"

namespace tarn::builder {

/// The media type of a payload in a registry.
inline constexpr const char* simple_signing_type =
    "application/vnd.dev.cosign.simplesigning.v1+json";

/// What a signature of an image is made over (containers' "simple signing", as cosign uses it).
struct SimpleSigning {
  std::string reference;  ///< the repository, "registry.example.org/team/base"; proves nothing
  Sha256Digest digest;    ///< of the manifest or index

  bool operator==(const SimpleSigning&) const = default;
};

/// The payload's octets: a function of both members, and those that cosign makes of them.
std::string write_simple_signing(const SimpleSigning& signing);

/// Reads a payload of whatever origin; nothing for what is none, or is not about an image.
std::optional<SimpleSigning> read_simple_signing(std::string_view payload);

}  // namespace tarn::builder
