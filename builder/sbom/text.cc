#include "builder/sbom/text.h"

#include <algorithm>
#include <array>

#include "builder/image/timestamp.h"

namespace tarn::builder {

std::string sbom_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

JsonBlob sbom_file(const Json& json, const char* media_type) {
  JsonBlob file{sbom_text(json), {}, media_type};
  file.digest = sha256(file.text);
  return file;
}

std::string plain_text(std::string_view text) {
  std::string plain(text);
  std::ranges::replace_if(
      plain,
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '.' || c == '-');
      },
      '-');
  return plain;
}

std::string sbom_time(std::int64_t seconds) {
  constexpr std::int64_t year_10000 = 253'402'300'800;
  return seconds > 0 && seconds < year_10000 ? format_timestamp(seconds) : std::string();
}

bool is_web_address(std::string_view text) {
  constexpr std::array<std::string_view, 4> schemes = {"https://", "http://", "ftp://", "git://"};
  const bool has_scheme = std::ranges::any_of(schemes, [&](std::string_view scheme) {
    return text.starts_with(scheme) && text.size() > scheme.size();
  });
  return has_scheme &&
         std::ranges::all_of(text,
                             [](char c) {
                               return c > ' ' && c < 0x7f &&
                                      std::string_view("\"<>\\^`{|}").find(c) == std::string::npos;
                             }) &&
         text.find("[") == text.npos && text.find(']') == text.npos;
}

}  // namespace tarn::builder
