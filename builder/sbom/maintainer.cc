#include "builder/sbom/maintainer.h"

#include <algorithm>

namespace tarn::builder {
namespace {

bool is_address_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == '+';
}

bool is_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == 0 || at == text.npos || at + 1 == text.size()) return false;
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  const auto is_dotted = [](std::string_view part) {
    return part.front() != '.' && part.back() != '.' && part.find("..") == part.npos;
  };
  return std::ranges::all_of(local, is_address_character) && is_dotted(local) &&
         std::ranges::all_of(domain, is_address_character) && is_dotted(domain) &&
         domain.find('_') == domain.npos && domain.find('+') == domain.npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Maintainer parse_maintainer(std::string_view text) {
  text = trimmed(text);
  const std::size_t open = text.find('<');
  if (open == text.npos || !text.ends_with('>'))
    return {std::string(text), is_address(text) ? std::string(text) : std::string()};
  const std::string_view name = trimmed(text.substr(0, open));
  const std::string_view address = trimmed(text.substr(open + 1, text.size() - open - 2));
  return {std::string(name.empty() ? address : name),
          is_address(address) ? std::string(address) : std::string()};
}

}  // namespace tarn::builder
