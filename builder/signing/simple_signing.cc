#include "builder/signing/simple_signing.h"

#include "builder/image/json.h"

namespace tarn::builder {
namespace {

constexpr const char* payload_type = "cosign container image signature";

/// The text at `path`; null where there is none.
const std::string* text_at(const Json& json, std::initializer_list<const char*> path) {
  const Json* at = &json;
  for (const char* key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at->get_ptr<const std::string*>();
}

}  // namespace

std::string write_simple_signing(const SimpleSigning& signing) {
  Json payload;
  payload["critical"]["identity"]["docker-reference"] = signing.reference;
  payload["critical"]["image"]["docker-manifest-digest"] = digest_text(signing.digest);
  payload["critical"]["type"] = payload_type;
  payload["optional"] = nullptr;
  return dump_json(payload);
}

std::optional<SimpleSigning> read_simple_signing(std::string_view payload) {
  const Json json = Json::parse(payload, nullptr, false);
  const std::string* type = text_at(json, {"critical", "type"});
  const std::string* digest = text_at(json, {"critical", "image", "docker-manifest-digest"});
  const std::string* reference = text_at(json, {"critical", "identity", "docker-reference"});
  if (type == nullptr || *type != payload_type) return std::nullopt;
  if (digest == nullptr) return std::nullopt;
  const auto octets = parse_digest_text(*digest);
  if (!octets || digest_text(*octets) != *digest) return std::nullopt;
  return SimpleSigning{reference == nullptr ? "" : *reference, *octets};
}

}  // namespace tarn::builder
