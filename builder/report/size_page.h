#pragma once

#include <string_view>

namespace tarn::builder {

/// builder/report/size_page.html, as it was when the program was built; the report's JSON comes in
/// the place of its "/*DATA*/null". The build generates its source.
std::string_view size_page();

}  // namespace tarn::builder
