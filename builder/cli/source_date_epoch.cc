#include "builder/cli/source_date_epoch.h"

#include <charconv>
#include <string>

#include "apk/fetch/cache_folder.h"
#include "apk/support/error.h"

namespace tarn::builder {

std::optional<std::int64_t> source_date_epoch() {
  const std::string text = apk::environment_variable("SOURCE_DATE_EPOCH").value_or("");
  if (text.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (status != std::errc() || end != text.data() + text.size() || seconds < 0)
    throw Error(ErrorKind::usage, "SOURCE_DATE_EPOCH: '" + text + "' is not a number of seconds")
        .hint("set it to a number of seconds since 1970");
  return seconds;
}

}  // namespace tarn::builder
