// Any text as lib/apk/db/installed: it is refused with an Error, or what is written from it reads
// back to the same text.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apk/database/installed.h"
#include "apk/support/error.h"
#include "expect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tarn::apk;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string written;
  try {
    written = installed_text(parse_installed(text, "installed"));
  } catch (const tarn::Error&) {
    return 0;
  }
  tarn::test::expect(installed_text(parse_installed(written, "written")) == written,
                     "a database reads as written");
  return 0;
}
