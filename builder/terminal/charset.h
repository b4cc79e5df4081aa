#pragma once

#include <string_view>

namespace tarn::builder {

/// The characters a place can show.
enum class Charset { ascii, utf8 };

/// What the locale named `locale` ("C.UTF-8", "de_DE.utf8@euro", "POSIX") can show.
Charset charset_of(std::string_view locale);

/// What the environment's locale can show: LC_ALL, else LC_CTYPE, else LANG.
Charset output_charset();

}  // namespace tarn::builder
