#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "builder/image/image.h"
#include "builder/image/json.h"

namespace tarn::builder {

/// The text of an SBOM: indented, octets that are not UTF-8 replaced, a newline at the end.
std::string sbom_text(const Json& json);
JsonBlob sbom_file(const Json& json, const char* media_type);

/// '-' for all but letters, digits, '.' and '-': what may stand in an address unchanged.
std::string plain_text(std::string_view text);

/// Seconds since 1970 as both formats want times; empty for 0 and what no such time can say.
std::string sbom_time(std::int64_t seconds);

/// Whether it can stand where an address is wanted: http, https, ftp or git, without blanks or
/// characters that no address has.
bool is_web_address(std::string_view text);

}  // namespace tarn::builder
