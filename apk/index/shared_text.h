#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tarn::apk {

/// A run of a text that several use; it lasts as long as its owner.
struct SharedText {
  std::string_view lines{};
  std::shared_ptr<const void> owner{};

  static SharedText own(std::string text) {
    auto kept = std::make_shared<const std::string>(std::move(text));
    return {*kept, kept};
  }
  /// Another run of it.
  SharedText part(std::size_t offset, std::size_t size) const {
    return {lines.substr(offset, size), owner};
  }
};

}  // namespace tarn::apk
