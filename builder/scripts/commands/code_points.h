#pragma once

#include <cstddef>
#include <string_view>

namespace tarn::builder {

/// The code point at `position` (within the text), which moves behind it. Throws NotNative where
/// the text is no UTF-8, saying that of `command`.
char32_t read_code_point(std::string_view text, std::size_t& position, const char* command);

}  // namespace tarn::builder
