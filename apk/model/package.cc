#include "apk/model/package.h"

#include <algorithm>

namespace tarn::apk {
namespace {

unsigned char lower(char c) {
  return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

}  // namespace

std::string package_file_name(const Package& package) {
  return package.label() + ".apk";
}

bool name_less(std::string_view left, std::string_view right) {
  const auto [l, r] = std::mismatch(left.begin(), left.end(), right.begin(), right.end(),
                                    [](char a, char b) { return lower(a) == lower(b); });
  if (l == left.end() && r == right.end()) return left < right;
  if (l == left.end()) return true;
  if (r == right.end()) return false;
  return lower(*l) < lower(*r);
}

}  // namespace tarn::apk
