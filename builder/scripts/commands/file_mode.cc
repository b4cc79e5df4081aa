#include "builder/scripts/commands/file_mode.h"

#include <algorithm>

namespace tarn::builder {
namespace {

constexpr std::uint32_t every_bit = 07777;

std::optional<std::uint32_t> parse_octal(std::string_view text) {
  std::uint32_t mode = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
    if (mode > every_bit) return std::nullopt;
  }
  return mode;
}

/// The bits one of [ugoa] can mean; the sticky bit is for all only.
std::uint32_t bits_of_class(char letter) {
  switch (letter) {
    case 'u':
      return 04700;
    case 'g':
      return 02070;
    case 'o':
      return 00007;
    case 'a':
      return every_bit;
    default:
      return 0;
  }
}

/// The permissions a class has, given to all.
std::optional<std::uint32_t> copied_bits(char letter, std::uint32_t mode) {
  if (letter != 'u' && letter != 'g' && letter != 'o') return std::nullopt;
  const std::uint32_t shift = letter == 'u' ? 6 : letter == 'g' ? 3 : 0;
  return ((mode >> shift) & 07U) * 0111U;
}

std::optional<std::uint32_t> bits_of_letter(char letter, std::uint32_t mode, bool is_directory) {
  switch (letter) {
    case 'r':
      return 0444;
    case 'w':
      return 0222;
    case 'x':
      return 0111;
    case 's':
      return 06000;
    case 't':
      return 01000;
    case 'X':
      return is_directory || (mode & 0111U) != 0 ? 0111U : 0U;
    default:
      return std::nullopt;
  }
}

/// Applies "u+x" or "go=r-w"; false when it is no such text.
bool apply_part(std::string_view part, std::uint32_t& mode, std::uint32_t umask,
                bool is_directory) {
  std::uint32_t whole = 0;
  while (!part.empty() && bits_of_class(part.front()) != 0) {
    whole |= bits_of_class(part.front());
    part.remove_prefix(1);
  }
  const bool names_class = whole != 0;
  if (!names_class) whole = every_bit;
  if (part.empty()) return false;
  while (!part.empty()) {
    const char sign = part.front();
    if (sign != '+' && sign != '-' && sign != '=') return false;
    part.remove_prefix(1);
    std::uint32_t bits = 0;
    const auto copied = part.empty() ? std::nullopt : copied_bits(part.front(), mode);
    if (copied) {
      bits = *copied;
      part.remove_prefix(1);
    }
    while (!copied && !part.empty()) {
      const auto more = bits_of_letter(part.front(), mode, is_directory);
      if (!more) break;
      bits |= *more;
      part.remove_prefix(1);
    }
    bits &= names_class ? whole : ~umask;
    if (sign == '=') mode &= ~whole;
    if (sign == '-')
      mode &= ~bits;
    else
      mode |= bits;
  }
  return true;
}

}  // namespace

std::optional<std::uint32_t> apply_mode(std::string_view text, std::uint32_t current,
                                        std::uint32_t umask, bool is_directory) {
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') return parse_octal(text);
  std::uint32_t mode = current & every_bit;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    if (end != 0 && !apply_part(text.substr(0, end), mode, umask, is_directory))
      return std::nullopt;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return mode;
}

std::string mode_letters(std::uint32_t mode) {
  std::string letters = "rwxrwxrwx";
  for (std::size_t bit = 0; bit < letters.size(); ++bit)
    if ((mode & (0400U >> bit)) == 0) letters[bit] = '-';
  const auto mark = [&](std::uint32_t bit, std::size_t at, char small, char big) {
    if ((mode & bit) != 0) letters[at] = letters[at] == '-' ? big : small;
  };
  mark(04000, 2, 's', 'S');
  mark(02000, 5, 's', 'S');
  mark(01000, 8, 't', 'T');
  return letters;
}

char type_letter(NodeType type) {
  switch (type) {
    case NodeType::directory:
      return 'd';
    case NodeType::symlink:
      return 'l';
    case NodeType::character_device:
      return 'c';
    case NodeType::block_device:
      return 'b';
    case NodeType::fifo:
      return 'p';
    case NodeType::file:
      break;
  }
  return '-';
}

}  // namespace tarn::builder
