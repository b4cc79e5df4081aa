#pragma once

#include <string_view>

namespace tarn::builder {

/// The version of the SPDX licence list that is known here.
inline constexpr const char* license_list_version = "3.29";

/// The licence's identifier as the list spells it (deprecated ones, too), found in any case; empty
/// when there is none.
std::string_view license_named(std::string_view name);

/// The same for what stands behind WITH.
std::string_view license_exception_named(std::string_view name);

}  // namespace tarn::builder
