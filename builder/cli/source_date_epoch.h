#pragma once

#include <cstdint>
#include <optional>

namespace tarn::builder {

/// $SOURCE_DATE_EPOCH, in seconds since 1970 (reproducible-builds.org's specification); nothing
/// when it is unset or empty. Throws Error (usage) for anything that is not such a number.
std::optional<std::int64_t> source_date_epoch();

}  // namespace tarn::builder
