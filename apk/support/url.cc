#include "apk/support/url.h"

#include <algorithm>

#include "apk/support/hash.h"

namespace tarn {
namespace {

constexpr std::string_view hidden = "***";
constexpr std::string_view authority_mark = "://";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_scheme_character(char c) {
  return is_alphanumeric(c) || c == '+' || c == '-' || c == '.';
}

bool is_space_or_control(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return octet <= ' ' || octet == 0x7f;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

/// `name`, `name:port`, `[v6 address]` or `[v6 address]:port`.
bool is_host(std::string_view text) {
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    for (const char c : text.substr(1, end - 1))
      if (!is_alphanumeric(c) && c != ':' && c != '.' && c != '%') return false;
    rest = text.substr(end + 1);
  } else {
    const auto end = std::min(text.find(':'), text.size());
    if (end == 0) return false;
    for (const char c : text.substr(0, end))
      if (!is_alphanumeric(c) && c != '-' && c != '.' && c != '_' && c != '%' &&
          static_cast<unsigned char>(c) < 0x80)
        return false;
    rest = text.substr(end);
  }
  return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

/// The path of a `file:` URL, whose host may only be empty or "localhost".
std::optional<std::string_view> path_of_file_url(std::string_view rest) {
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    if (rest.starts_with("localhost/")) rest.remove_prefix(9);
  }
  if (!rest.starts_with('/')) return std::nullopt;
  return rest;
}

/// Replaces each %XX by its octet; a '%' without two hexadecimal digits stands for itself.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (const auto octets = from_hex(text.substr(i + 1, 2))) {
        decoded += static_cast<char>(octets->front());
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

/// How much of `text`, which follows "://", is to be hidden.
std::size_t secret_length(std::string_view text) {
  const auto whole = text.substr(0, std::min(text.find_first_of(" \t\r\n\"'<>`"), text.size()));
  const auto authority = whole.substr(0, std::min(whole.find_first_of("/?#"), whole.size()));
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) return at;
  // A password with an unescaped '/', '?' or '#': what looks like a port is none.
  const auto colon = authority.find(':');
  if (colon == std::string_view::npos || authority.starts_with('[')) return 0;
  if (is_port(authority.substr(colon + 1))) return 0;
  const auto at = whole.rfind('@');
  return at == std::string_view::npos ? authority.size() : at;
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
  if (text.empty() || std::any_of(text.begin(), text.end(), is_space_or_control))
    return std::nullopt;
  Url url;
  const auto colon = text.find(':');
  const bool has_scheme =
      colon != std::string_view::npos && colon != 0 && text.substr(colon + 1).starts_with('/') &&
      std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                  is_scheme_character);
  if (!has_scheme) {
    if (text.find(authority_mark) != std::string_view::npos) return std::nullopt;
    url.path_ = text;
    return url;
  }
  const std::string scheme = lower_case(text.substr(0, colon));
  const auto rest = text.substr(colon + 1);
  if (scheme == "file") {
    const auto path = path_of_file_url(rest);
    if (!path) return std::nullopt;
    url.path_ = *path;
    return url;
  }
  if ((scheme != "http" && scheme != "https") || !rest.starts_with("//")) return std::nullopt;
  const auto end = std::min(rest.find_first_of("/?#", 2), rest.size());
  auto authority = rest.substr(2, end - 2);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info_ = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (!is_host(authority)) return std::nullopt;
  url.scheme_ = scheme;
  url.host_ = authority;
  url.path_ = rest.substr(end);
  return url;
}

Url Url::operator/(std::string_view segment) const {
  Url url = *this;
  if (!url.path_.ends_with('/')) url.path_ += '/';
  url.path_ += segment;
  return url;
}

Url Url::folder() const {
  Url url = *this;
  const auto slash = path_.rfind('/');
  if (slash == std::string::npos)
    url.path_ = is_local() ? "." : "";
  else
    url.path_.resize(slash == 0 && is_local() ? 1 : slash);
  return url;
}

Url Url::without_credentials() const {
  Url url = *this;
  url.user_info_.clear();
  return url;
}

std::string Url::str() const {
  if (is_local()) return path_;
  std::string text = scheme_ + "://";
  if (has_credentials()) text.append(hidden).append("@");
  // A URL may hold another one, as those of proxies and archives do.
  return text + host_ + redact_urls(path_);
}

std::string Url::with_secrets() const {
  if (is_local()) return path_;
  return scheme_ + "://" + (has_credentials() ? user_info_ + "@" : "") + host_ + path_;
}

std::string Url::user_and_password() const {
  return percent_decoded(user_info_);
}

std::string redact_urls(std::string_view text) {
  std::string redacted;
  for (;;) {
    const auto found = text.find(authority_mark);
    if (found == std::string_view::npos) return redacted.append(text);
    redacted.append(text.substr(0, found + authority_mark.size()));
    text.remove_prefix(found + authority_mark.size());
    if (const auto length = secret_length(text); length != 0) {
      redacted.append(hidden);
      text.remove_prefix(length);
    }
  }
}

}  // namespace tarn
