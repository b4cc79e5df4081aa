#pragma once

#include <string_view>

namespace tarn::builder {

/// The characters that texts are drawn with.
struct Symbols {
  std::string_view arrow;
  std::string_view branch;  ///< to one of several below
  std::string_view last;    ///< to the last below
  std::string_view bar;     ///< beside what stands below a branch
  std::string_view blank;   ///< beside what stands below a last one
};

constexpr Symbols unicode_symbols = {"→", "├── ", "└── ", "│   ", "    "};
constexpr Symbols ascii_symbols = {"->", "|-- ", "`-- ", "|   ", "    "};

}  // namespace tarn::builder
