#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "apk/support/hash.h"
#include "apk/trust/keyring.h"

namespace tarn::apk {

/// One of Alpine's release keys, known by fingerprint: the key itself is fetched or found and
/// counts only if it matches.
struct TrustAnchor {
  std::string_view key_name;
  std::string_view architectures;  ///< space separated apk names
  std::string_view fingerprint;    ///< hexadecimal SHA-256 of the DER SubjectPublicKeyInfo
};

std::span<const TrustAnchor> trust_anchors();
/// Nothing when no anchor has this name.
const TrustAnchor* find_anchor(std::string_view key_name);
/// Where Alpine publishes the key of an anchor.
std::string anchor_url(const TrustAnchor& anchor);
/// Whether `key` is what the anchor of its name says.
bool matches_anchor(const PublicKey& key);

}  // namespace tarn::apk
