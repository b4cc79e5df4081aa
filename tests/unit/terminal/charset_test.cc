#include "builder/terminal/charset.h"

#include <doctest/doctest.h>

namespace tarn::builder {
namespace {

TEST_CASE("charset: by the name of the locale") {
  for (const char* locale : {"C.UTF-8", "de_DE.utf8", "en_US.UTF-8@euro", "C.Utf8"})
    CHECK(charset_of(locale) == Charset::utf8);
  for (const char* locale : {"", "C", "POSIX", "de_DE", "de_DE.ISO-8859-1", "UTF-8", "C.", "C.@x"})
    CHECK(charset_of(locale) == Charset::ascii);
}

}  // namespace
}  // namespace tarn::builder
