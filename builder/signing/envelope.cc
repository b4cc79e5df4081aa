#include "builder/signing/envelope.h"

#include <fmt/core.h>

#include "builder/image/json.h"

namespace tarn::builder {
namespace {

/// What is signed: the type with the payload, so that neither can be taken for another
/// (DSSE's pre-authentication encoding).
std::string signed_text(std::string_view type, std::string_view payload) {
  return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, payload.size(), payload);
}

bool has_text(const Json& json, const char* key, std::string_view text) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() && found->get_ref<const std::string&>() == text;
}

}  // namespace

std::string sign_envelope(std::string_view payload_type, std::string_view payload,
                          const SigningKey& key) {
  const Bytes signature = key.sign(as_bytes(signed_text(payload_type, payload)));
  Json envelope;
  envelope["payloadType"] = payload_type;
  envelope["payload"] = to_base64(as_bytes(payload));
  envelope["signatures"] = Json::array({{{"keyid", ""}, {"sig", to_base64(signature)}}});
  return dump_json(envelope);
}

bool is_envelope_of(std::string_view text, std::string_view payload_type, std::string_view payload,
                    const VerifyingKey& key) {
  const Json envelope = Json::parse(text, nullptr, false);
  if (!envelope.is_object() || !has_text(envelope, "payloadType", payload_type) ||
      !has_text(envelope, "payload", to_base64(as_bytes(payload))) ||
      !envelope.contains("signatures") || !envelope["signatures"].is_array())
    return false;
  const std::string authenticated = signed_text(payload_type, payload);
  for (const Json& signature : envelope["signatures"]) {
    if (!signature.is_object() || !signature.contains("sig") || !signature["sig"].is_string())
      continue;
    const auto octets = from_base64(signature["sig"].get_ref<const std::string&>());
    if (octets && key.verifies(as_bytes(authenticated), *octets)) return true;
  }
  return false;
}

}  // namespace tarn::builder
