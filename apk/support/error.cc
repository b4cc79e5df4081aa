#include "apk/support/error.h"

#include <system_error>

namespace tarn {

std::string Error::render() const {
  std::string text = "error: " + message_ + "\n";
  for (const auto& [label, value] : details_) text += "  " + label + ": " + value + "\n";
  for (const auto& context : contexts_) text += "  while " + context + "\n";
  if (!hint_.empty()) text += "hint: " + hint_ + "\n";
  return text;
}

Error system_error(const std::string& doing, int error_number) {
  return {ErrorKind::failed, doing + ": " + std::generic_category().message(error_number)};
}

}  // namespace tarn
