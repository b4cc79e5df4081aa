#include "builder/scripts/commands/character_set.h"

#include "builder/scripts/command.h"

namespace tarn::builder {

namespace {

constexpr char32_t last_code_point = 0x10ffff;

bool is_of_class(std::string_view name, unsigned c, bool& known) {
  const bool lower = c >= 'a' && c <= 'z';
  const bool upper = c >= 'A' && c <= 'Z';
  const bool digit = c >= '0' && c <= '9';
  known = true;
  if (name == "alpha") return lower || upper;
  if (name == "digit") return digit;
  if (name == "alnum") return lower || upper || digit;
  if (name == "upper") return upper;
  if (name == "lower") return lower;
  if (name == "space") return c == ' ' || (c >= '\t' && c <= '\r');
  if (name == "blank") return c == ' ' || c == '\t';
  if (name == "punct") return c > ' ' && c < 0x7f && !lower && !upper && !digit;
  if (name == "print") return c >= ' ' && c < 0x7f;
  if (name == "graph") return c > ' ' && c < 0x7f;
  if (name == "cntrl") return c < ' ' || c == 0x7f;
  if (name == "xdigit") return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  known = false;
  return false;
}

}  // namespace

void CharacterSet::add(char32_t first, char32_t last) {
  for (char32_t c = first; c <= last && c < 128; ++c) ascii_[c / 64] |= std::uint64_t{1} << c % 64;
  if (last >= 128) others_.push_back({first < 128 ? 128 : first, last});
}

bool CharacterSet::add_class(std::string_view name) {
  has_classes_ = true;
  bool known = false;
  for (unsigned c = 0; c < 128; ++c) {
    if (is_of_class(name, c, known)) add(c, c);
  }
  return known;
}

void CharacterSet::add_other_case() {
  for (const Span& span : others_) {
    const bool all = span.first == 128 && span.last == last_code_point;
    if (!all) throw NotNative("a regular expression for letters of either case beyond ASCII");
  }
  const std::array<std::uint64_t, 2> before = ascii_;
  for (unsigned c = 'A'; c <= 'Z'; ++c) {
    const unsigned small = c + ('a' - 'A');
    if ((before[1] >> c % 64 & 1U) != 0) add(small, small);
    if ((before[1] >> small % 64 & 1U) != 0) add(c, c);
  }
}

bool CharacterSet::contains(char32_t c) const {
  if (c < 128) return ((ascii_[c / 64] >> c % 64 & 1U) != 0) != negative_;
  if (has_classes_) throw NotNative("a class of characters beyond ASCII");
  for (const Span& span : others_) {
    if (c >= span.first && c <= span.last) return !negative_;
  }
  return negative_;
}

}  // namespace tarn::builder
