#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "apk/support/hash.h"

namespace tarn::builder {

/// JSON whose keys stay in the order they were put in.
using Json = nlohmann::ordered_json;

/// The text without white space. Throws Error (usage) for a string that is not UTF-8.
std::string dump_json(const Json& json);

/// "sha256:" and 64 hexadecimal digits.
std::string digest_text(const Sha256Digest& digest);
/// The digest that such a text is; nothing for any other.
std::optional<Sha256Digest> parse_digest_text(std::string_view text);

}  // namespace tarn::builder
