#include "apk/fetch/cache_folder.h"

#include <cstdlib>

#include "apk/support/error.h"

namespace tarn::apk {

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::filesystem::path cache_folder(const EnvironmentLookup& lookup) {
  if (const auto own = lookup("TARN_CACHE"); own && !own->empty())
    return std::filesystem::absolute(*own).lexically_normal();
  if (const auto xdg = lookup("XDG_CACHE_HOME"); xdg && xdg->starts_with('/'))
    return std::filesystem::path(*xdg) / "tarn";
  if (const auto home = lookup("HOME"); home && home->starts_with('/'))
    return std::filesystem::path(*home) / ".cache" / "tarn";
  throw Error(ErrorKind::usage, "no place for the cache: neither TARN_CACHE nor HOME is set")
      .hint("set TARN_CACHE to a folder");
}

}  // namespace tarn::apk
