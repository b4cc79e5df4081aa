#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tarn::builder {

/// Characters that may stand at one place.
class CharacterSet {
 public:
  void add(char32_t first, char32_t last);
  /// Adds a class such as "alpha"; false when there is none of that name.
  bool add_class(std::string_view name);
  /// Adds the other case of every ASCII letter in it. Throws NotNative for letters beyond ASCII.
  void add_other_case();
  void negate() { negative_ = true; }
  /// Throws NotNative for a character beyond ASCII where a class would decide.
  bool contains(char32_t c) const;

 private:
  struct Span {
    char32_t first = 0;
    char32_t last = 0;
  };
  std::array<std::uint64_t, 2> ascii_{};
  std::vector<Span> others_;
  bool negative_ = false;
  bool has_classes_ = false;
};

}  // namespace tarn::builder
