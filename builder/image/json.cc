#include "builder/image/json.h"

#include "apk/support/error.h"

namespace tarn::builder {
namespace {

constexpr std::string_view digest_prefix = "sha256:";

}  // namespace

std::string dump_json(const Json& json) {
  try {
    return json.dump();
  } catch (const nlohmann::json::type_error& error) {
    throw Error(ErrorKind::usage, "a text for the image's metadata is not UTF-8")
        .detail("found", error.what());
  }
}

std::string digest_text(const Sha256Digest& digest) {
  return std::string(digest_prefix) + to_hex(digest);
}

std::optional<Sha256Digest> parse_digest_text(std::string_view text) {
  if (!text.starts_with(digest_prefix)) return std::nullopt;
  return digest_from_hex<32>(text.substr(digest_prefix.size()));
}

}  // namespace tarn::builder
