// Any text as .PKGINFO: what is read is complete and stays within its lines.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apk/package/pkginfo.h"
#include "apk/support/error.h"
#include "expect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tarn;
  using test::expect;
  try {
    const auto info =
        apk::parse_pkginfo(std::string_view(reinterpret_cast<const char*>(data), size));
    expect(apk::is_valid_package_name(info.package.name), "the name is one");
    expect(!info.package.version.empty() && !info.package.arch.empty(), "nothing is missing");
    expect(info.package.version.find('/') == std::string::npos, "the version leaves no folder");
    expect(info.data_hash.empty() || info.data_hash.size() == 64, "the hash is a SHA-256");
    expect(info.package.description.find('\n') == std::string::npos, "a value ends with its line");
  } catch (const Error&) {
    return 0;
  }
  return 0;
}
