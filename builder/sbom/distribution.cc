#include "builder/sbom/distribution.h"

#include <algorithm>
#include <optional>

namespace tarn::builder {
namespace {

/// A value as a shell reads it: in single or double quotes, or bare.
std::string unquoted(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  if (text.size() < 2 || (text.front() != '"' && text.front() != '\'') ||
      text.back() != text.front())
    return std::string(text);
  const bool has_escapes = text.front() == '"';
  text = text.substr(1, text.size() - 2);
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (has_escapes && text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  return value;
}

}  // namespace

Distribution parse_os_release(std::string_view text) {
  Distribution distribution;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals == line.npos) continue;
    const std::string_view key = line.substr(0, equals);
    std::string value = unquoted(line.substr(equals + 1));
    if (key == "ID" && !value.empty())
      distribution.id = std::move(value);
    else if (key == "VERSION_ID")
      distribution.version = std::move(value);
    else if (key == "NAME")
      distribution.name = std::move(value);
    else if (key == "PRETTY_NAME")
      distribution.pretty_name = std::move(value);
  }
  std::ranges::transform(distribution.id, distribution.id.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return distribution;
}

Distribution distribution_of(const Rootfs& rootfs) {
  auto text = rootfs.read_file("etc/os-release");
  if (!text) text = rootfs.read_file("usr/lib/os-release");
  return text ? parse_os_release(*text) : Distribution{};
}

}  // namespace tarn::builder
