#include "builder/terminal/charset.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

namespace tarn::builder {

Charset charset_of(std::string_view locale) {
  const auto dot = locale.find('.');
  if (dot == std::string_view::npos) return Charset::ascii;
  const auto codeset = locale.substr(dot + 1, locale.find('@', dot) - dot - 1);
  std::string letters;
  for (const char c : codeset)
    if (c != '-') letters += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return letters == "utf8" ? Charset::utf8 : Charset::ascii;
}

Charset output_charset() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return charset_of(value);
  }
  return Charset::ascii;
}

}  // namespace tarn::builder
