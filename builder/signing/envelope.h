#pragma once

#include <string>
#include <string_view>

#include "builder/signing/keys.h"

namespace tarn::builder {

/// The media type of an envelope.
inline constexpr const char* envelope_type = "application/vnd.dsse.envelope.v1+json";

/// A signed statement: what DSSE 1.0 puts around a payload.
/// `payload_type` is its media type. The text differs each time where the key is ECDSA.
std::string sign_envelope(std::string_view payload_type, std::string_view payload,
                          const SigningKey& key);

/// Whether `text` is an envelope of this very payload with a signature by `key`.
bool is_envelope_of(std::string_view text, std::string_view payload_type, std::string_view payload,
                    const VerifyingKey& key);

}  // namespace tarn::builder
