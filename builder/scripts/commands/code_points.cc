#include "builder/scripts/commands/code_points.h"

#include <string>

#include "builder/scripts/command.h"

namespace tarn::builder {

char32_t read_code_point(std::string_view text, std::size_t& position, const char* command) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = octet(position);
  if (first < 0x80) {
    ++position;
    return first;
  }
  std::size_t length = 0;
  char32_t least = 0;
  char32_t point = 0;
  if (first >= 0xc2 && first < 0xe0) {
    length = 2;
    least = 0x80;
    point = first & 0x1fU;
  } else if (first >= 0xe0 && first < 0xf0) {
    length = 3;
    least = 0x800;
    point = first & 0x0fU;
  } else if (first >= 0xf0 && first < 0xf5) {
    length = 4;
    least = 0x10000;
    point = first & 0x07U;
  }
  bool valid = length != 0 && text.size() - position >= length;
  for (std::size_t i = 1; valid && i < length; ++i) {
    valid = (octet(position + i) & 0xc0U) == 0x80;
    point = point << 6U | (octet(position + i) & 0x3fU);
  }
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  if (!valid || point < least || point > 0x10ffff || surrogate) {
    throw NotNative(std::string(command) + ": text that is no UTF-8");
  }
  position += length;
  return point;
}

}  // namespace tarn::builder
