#include "builder/scripts/commands/escape_sequence.h"

namespace tarn::builder {

namespace {

/// The value of a digit of any base to 16; 16 of what is none.
unsigned digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

/// The number at `position`; -1, and nothing moved, when no digit is there.
int read_number(std::string_view text, std::size_t& position, unsigned base, std::size_t digits) {
  unsigned value = 0;
  std::size_t count = 0;
  while (count < digits && position + count < text.size()) {
    const unsigned digit = digit_value(text[position + count]);
    if (digit >= base || value * base + digit > 0xff) break;
    value = value * base + digit;
    ++count;
  }
  if (count == 0) return -1;
  position += count;
  return static_cast<int>(value);
}

}  // namespace

char read_escape_sequence(std::string_view text, std::size_t& position) {
  if (position >= text.size()) return '\\';
  if (text[position] == 'x') {
    std::size_t digits = position + 1;
    const int value = read_number(text, digits, 16, 2);
    if (value < 0) return '\\';
    position = digits;
    return static_cast<char>(value);
  }
  if (const int value = read_number(text, position, 8, 3); value >= 0) {
    return static_cast<char>(value);
  }
  constexpr std::string_view letters = "abefnrtv\\";
  constexpr std::string_view meanings = "\a\b\033\f\n\r\t\v\\";
  const std::size_t found = letters.find(text[position]);
  if (found == std::string_view::npos) return '\\';
  ++position;
  return meanings[found];
}

char read_long_escape_sequence(std::string_view text, std::size_t& position) {
  if (position + 1 < text.size() && text[position] == '0' && text[position + 1] >= '0' &&
      text[position + 1] <= '7') {
    ++position;
  }
  return read_escape_sequence(text, position);
}

}  // namespace tarn::builder
