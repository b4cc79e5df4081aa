#include "builder/sbom/package_url.h"

#include <algorithm>

#include <fmt/core.h>

#include "apk/support/hash.h"

namespace tarn::builder {
namespace {

constexpr std::size_t longest_package_url = 8192;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == '~';
}

std::string encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (is_plain(c))
      result += c;
    else
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

std::string encoded_parts(std::string_view text) {
  std::string result;
  for (;;) {
    const std::size_t slash = text.find('/');
    result += encoded(text.substr(0, slash));
    if (slash == text.npos) return result;
    result += '/';
    text.remove_prefix(slash + 1);
  }
}

std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    const auto octet = from_hex(text.substr(i + 1, 2));
    if (!octet || octet->size() != 1) return std::nullopt;
    result += static_cast<char>((*octet)[0]);
    i += 2;
  }
  return result;
}

bool parse_qualifiers(std::string_view text, std::map<std::string, std::string>& qualifiers) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == pair.npos) return false;
    auto value = decoded(pair.substr(equals + 1));
    if (!value) return false;
    if (!value->empty()) qualifiers.emplace(pair.substr(0, equals), std::move(*value));
  }
  return true;
}

}  // namespace

std::string PackageUrl::str() const {
  std::string text = "pkg:" + type + "/";
  if (!name_space.empty()) text += encoded_parts(name_space) + "/";
  text += encoded(name);
  if (!version.empty()) text += "@" + encoded(version);
  char separator = '?';
  for (const auto& [key, value] : qualifiers) {
    text += separator + key + "=" + encoded(value);
    separator = '&';
  }
  return text;
}

std::optional<PackageUrl> PackageUrl::parse(std::string_view text) {
  constexpr std::string_view scheme = "pkg:";
  if (text.size() > longest_package_url || !text.starts_with(scheme)) return std::nullopt;
  text = text.substr(scheme.size(), text.find('#') - scheme.size());
  while (text.starts_with('/')) text.remove_prefix(1);
  PackageUrl url;
  if (const std::size_t mark = text.find('?'); mark != text.npos) {
    if (!parse_qualifiers(text.substr(mark + 1), url.qualifiers)) return std::nullopt;
    text = text.substr(0, mark);
  }
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == text.npos) return std::nullopt;
  url.type = text.substr(0, slash);
  std::ranges::transform(url.type, url.type.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  text.remove_prefix(slash + 1);
  const std::size_t last = text.rfind('/');
  const std::size_t at = text.rfind('@');
  const bool has_version = at != text.npos && (last == text.npos || at > last);
  const std::size_t name_start = last == text.npos ? 0 : last + 1;
  const auto name = decoded(text.substr(name_start, (has_version ? at : text.size()) - name_start));
  const auto version = decoded(has_version ? text.substr(at + 1) : std::string_view());
  const auto name_space = decoded(last == text.npos ? std::string_view() : text.substr(0, last));
  if (!name || name->empty() || !version || !name_space) return std::nullopt;
  url.name = *name;
  url.version = *version;
  url.name_space = *name_space;
  return url;
}

}  // namespace tarn::builder
