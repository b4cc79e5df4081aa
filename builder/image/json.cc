#include "builder/image/json.h"

#include "apk/support/error.h"

namespace tarn::builder {

std::string dump_json(const Json& json) {
  try {
    return json.dump();
  } catch (const nlohmann::json::type_error& error) {
    throw Error(ErrorKind::usage, "a text for the image's metadata is not UTF-8")
        .detail("found", error.what());
  }
}

std::string digest_text(const Sha256Digest& digest) {
  return "sha256:" + to_hex(digest);
}

}  // namespace tarn::builder
