#include "builder/registry/http.h"

#include <algorithm>

#include <fmt/core.h>

namespace tarn::builder {
namespace {

std::string_view until(std::string_view text, std::string_view ends) {
  return text.substr(0, std::min(text.find_first_of(ends), text.size()));
}

/// Takes "." and ".." out of a path (RFC 3986 §5.2.4).
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> segments;
  std::string_view rest = path.substr(1);
  for (;;) {
    const auto slash = rest.find('/');
    const auto segment = rest.substr(0, slash);
    const bool is_last = slash == std::string_view::npos;
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (segment != ".") {
      segments.push_back(segment);
    }
    if (is_last) {
      if (segment == "." || segment == "..") segments.emplace_back("");
      break;
    }
    rest.remove_prefix(slash + 1);
  }
  std::string result;
  for (const auto segment : segments) result.append("/").append(segment);
  return result.empty() ? "/" : result;
}

std::string with_port(const Url& url) {
  std::string host = url.host();
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto colon = host.rfind(':');
  if (colon != std::string::npos && !host.ends_with(']')) return host;
  return host + (url.scheme() == "https" ? ":443" : ":80");
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

std::optional<Url> resolve_location(const Url& base, std::string_view location) {
  location = until(location, "#");
  if (location.empty()) return std::nullopt;
  const std::string origin = base.scheme() + "://" + base.host();
  const std::string_view base_path = until(base.path(), "?#");
  std::string text;
  const auto colon = until(location, ":/?");
  if (colon.size() < location.size() && location[colon.size()] == ':') {
    text = location;
  } else if (location.starts_with("//")) {
    text = base.scheme() + ":" + std::string(location);
  } else if (location.starts_with('/')) {
    text = origin + std::string(location);
  } else if (location.starts_with('?')) {
    text = fmt::format("{}{}{}", origin, base_path, location);
  } else {
    const auto folder = base_path.substr(0, std::min(base_path.rfind('/'), base_path.size()));
    const auto path = until(location, "?");
    text = fmt::format("{}{}{}", origin, without_dots(fmt::format("{}/{}", folder, path)),
                       location.substr(path.size()));
  }
  const auto url = Url::parse(text);
  if (!url || url->is_local()) return std::nullopt;
  return url->without_credentials();
}

std::string shown(const Url& url) {
  const std::string text = url.without_credentials().str();
  return std::string(until(text, "?#"));
}

Url with_query(const Url& url, std::string_view name, std::string_view value) {
  const char mark = url.path().find('?') == std::string::npos ? '?' : '&';
  std::string text = url.with_secrets();
  if (url.path().empty()) text += '/';
  return *Url::parse(fmt::format("{}{}{}={}", text, mark, name, percent_encode(value)));
}

bool is_same_origin(const Url& left, const Url& right) {
  return left.scheme() == right.scheme() && with_port(left) == with_port(right);
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view plain = "-._~:/,@";
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || plain.find(c) != std::string_view::npos;
    if (is_plain)
      encoded += c;
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return encoded;
}

}  // namespace tarn::builder
