#include "builder/recipe/names.h"

#include <algorithm>

namespace tarn::builder {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool consists_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

bool is_control(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return octet < 0x20 || octet == 0x7f;
}

}  // namespace

bool is_file_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && consists_of(text, "_-.@");
}

bool is_certificate_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && consists_of(text, "_-.");
}

bool is_variable_name(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) &&
         (text.front() < '0' || text.front() > '9') && consists_of(text, "_");
}

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), is_control);
}

bool is_account_field(std::string_view text) {
  return is_printable(text) && text.find(':') == std::string_view::npos;
}

bool is_account_name(std::string_view text) {
  return !text.empty() && text.front() != '-' && is_account_field(text) &&
         text.find_first_of(" /,") == std::string_view::npos;
}

bool is_clean_absolute_path(std::string_view text) {
  if (!text.starts_with('/') || !is_printable(text)) return false;
  while (!text.empty()) {
    text.remove_prefix(1);
    const auto part = text.substr(0, text.find('/'));
    if (part == "." || part == "..") return false;
    text.remove_prefix(part.size());
  }
  return true;
}

}  // namespace tarn::builder
